"""The engine: readable scalar code in, array speed out.

``trace`` runs a function once on unknown numbers and writes a ``tape``; ``passes`` tidy it;
``plan`` puts equal nodes into groups that lie in one buffer; ``lower`` turns groups into
instructions of a small machine, which the numpy and the numba backend run.
"""
