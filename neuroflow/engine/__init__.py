"""The engine: readable scalar code in, array speed out.

Reading order: :mod:`trace` runs a function once on unknown numbers and writes a tape; :mod:`plan`
tidies it and puts equal nodes into groups that lie in one buffer; :mod:`padding` makes texts of
many lengths texts of a few; :mod:`lower` turns groups into instructions of a small machine, which
the backends in :mod:`run`, :mod:`native` and :mod:`torch` execute.

In front of these stand :mod:`numbers` (those of parameters), :mod:`session` (one function on one
backend), :mod:`ceilings`, :mod:`speed`, :mod:`report` and :mod:`compile`; for training
:mod:`runner`, :mod:`decay`, :mod:`groups`, :mod:`comparison`, :mod:`compiled_runner`,
:mod:`make_runner`.
"""
