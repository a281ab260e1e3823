"""Proofs: what is known of a rule for all numbers, not for samples alone.

Reading order: :mod:`expressions` (formulas and rules, as sympy has them), :mod:`regions`,
:mod:`enclosures`, :mod:`proofs`.
"""
