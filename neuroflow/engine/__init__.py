"""The engine: readable scalar code in, array speed out.

``trace`` runs a function once on unknown numbers and writes a tape; ``plan`` tidies it and puts
equal nodes into groups that lie in one buffer; ``lower`` turns groups into instructions of a
small machine, which the backends in ``run`` and ``native`` execute. In front of these stand
:mod:`compile`, :mod:`runner` and :mod:`report`.
"""
