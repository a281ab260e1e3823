"""Generation: a trained language model writes, and shows where it looked.

Reading order: :mod:`forward` and :mod:`compiled` (a step of writing as compiled code),
:mod:`writing`, :mod:`attention`.
"""
