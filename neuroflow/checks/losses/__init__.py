"""Checks of losses.

Reading order: :mod:`examples` (predictions and targets that a loss takes), :mod:`labels`,
:mod:`formula`, :mod:`curvature`, :mod:`losses`.
"""
