"""Formulas of entries: read as mathematics, and compared with what the code gives.

Reading order: :mod:`tokens`, :mod:`words`, :mod:`algebra` (what the words mean), :mod:`matrices`
(what they mean for lists of numbers), :mod:`reader` (the grammar), :mod:`latex` (one formula),
:mod:`statements` (several of them), :mod:`symbols` (which quantity each stands for),
:mod:`samples`.
"""
