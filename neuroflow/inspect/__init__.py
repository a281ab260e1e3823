"""Why is this number what it is? Receipts for gradients, what-if questions, anomalies.

Reading order: :mod:`sources` (where a node was made), :mod:`naming` (what to call it),
:mod:`tables`, :mod:`receipt`, :mod:`overview`, :mod:`outputs`, :mod:`explain`,
:mod:`what_if`. What went wrong: :mod:`anomaly`, :mod:`not_finite`, :mod:`saturation`,
:mod:`detect`, :mod:`replay`.
"""
