"""Checks of layers.

Reading order: :mod:`trials` (a small module and its inputs), :mod:`inputs` (others of their shape),
:mod:`parameters`, :mod:`rebuilding`, :mod:`modes` (training and evaluation), :mod:`calls`,
:mod:`shapes`, :mod:`finite` (zeros and large numbers), :mod:`effects` (settings that do nothing),
:mod:`quantities` (what symbols stand for), :mod:`formula`, :mod:`engines`,
:mod:`forms` (on tensors), :mod:`layers`.
"""
