"""Why is this number what it is? Receipts for gradients, what-if questions, anomalies.

Reading order: :mod:`sources` (where a node was made), :mod:`naming` (what to call it),
:mod:`explain`, :mod:`what_if`, :mod:`anomaly`.
"""
