"""Plan: a tape tidied by passes, and its equal nodes put into groups.

Reading order: :mod:`graph`, :mod:`slices`, :mod:`levels`; the passes :mod:`dead_code`,
:mod:`constant_folding`, :mod:`dot_products`, :mod:`common_subexpressions`; then :mod:`plan` and
:mod:`grouping`, and :mod:`function`, which traces and plans; beside them
:mod:`stretch_numbers`.
"""
