"""Generation: a trained language model writes, and shows where it looked.

Reading order: :mod:`sampling`; :mod:`forward` and :mod:`compiled` (a step of writing as compiled
code), :mod:`writer`, :mod:`writing`; :mod:`attention`.
"""
