"""Checks of layers.

Reading order: :mod:`trials` (a small module and its inputs), :mod:`parameters`, :mod:`rebuilding`,
:mod:`calls`, :mod:`shapes`, :mod:`engines`, :mod:`forms` (on tensors), :mod:`layers`.
"""
