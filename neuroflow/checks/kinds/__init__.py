"""Checks of the other kinds of entries, and those of an entry of any kind.

Reading order: :mod:`schedules`, :mod:`matrices`, :mod:`initializers`, :mod:`datasets`,
:mod:`tokenizers`, :mod:`metrics`, :mod:`optimizer_formula`, :mod:`optimizers`, :mod:`executors`
(backends), :mod:`recipes`, :mod:`observers`, :mod:`exporters`, :mod:`importers`,
:mod:`formats`, :mod:`panels`, :mod:`looks`, :mod:`others`; of all,
:mod:`settings`, :mod:`examples` and :mod:`own_checks`.
"""
