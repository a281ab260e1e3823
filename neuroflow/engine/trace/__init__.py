"""Trace: a scalar function run once on numbers that are not known yet, and what that leaves.

Reading order: :mod:`tape`, :mod:`tracer`, :mod:`stamp`, :mod:`structure`, :mod:`parameters`,
:mod:`reads`, :mod:`generators`, :mod:`surroundings`.
"""
