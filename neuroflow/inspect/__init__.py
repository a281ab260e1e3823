"""Why is this number what it is? Receipts for gradients, what-if questions, anomalies.

Reading order: :mod:`places` (where a node was made), :mod:`words` (what to call it),
:mod:`explain`, :mod:`what_if`, :mod:`anomaly`.
"""
