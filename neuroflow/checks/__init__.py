"""Checks of what plugins offer, of every kind: one room per kind, one file per idea.

Reading order: :mod:`shared` (what is checked, and what was found), :mod:`formulas` (read and
compared), :mod:`proofs` (what is known for all numbers), :mod:`ops`, :mod:`losses`, :mod:`layers`
and :mod:`kinds` (of everything else). In front: :mod:`selection` (who is meant),
:mod:`time_limit`, :mod:`check`, :mod:`grades` (how well it is known), :mod:`matrix` (of all that is
installed), :mod:`gradcheck`; and
the file that says it all, :mod:`certificate`.
"""
