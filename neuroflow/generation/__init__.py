"""Generation: a trained language model writes, and shows where it looked.

Reading order: :mod:`writing`, :mod:`compiled` and :mod:`forward` (the same as compiled code),
:mod:`attention`.
"""
