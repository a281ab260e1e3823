"""Checks of ops, and of what else is a function of scalars: activations.

Reading order: :mod:`branches` (of a rule's source), :mod:`probes` and :mod:`far_points` (where to
look), :mod:`surfaces`, :mod:`first_look` (does it work at all?), :mod:`declared`, :mod:`values`,
:mod:`slopes`, :mod:`search`, :mod:`joint` (several inputs at once), :mod:`exact`, :mod:`breaks`,
:mod:`kinks`, :mod:`extremes`, :mod:`backends`; then the :mod:`table` of them,
:mod:`activations`, and :mod:`running` any table.
"""
