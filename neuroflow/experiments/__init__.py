"""Experiments: runs beside each other, listed, compared, and made for many settings.

Reading order: :mod:`record` (one run, as its folder tells), :mod:`differing` (settings),
:mod:`listing`, :mod:`comparison`.
"""

from neuroflow.experiments.comparison import RunComparison, compare
from neuroflow.experiments.listing import RunTable, runs

__all__ = ["RunComparison", "RunTable", "compare", "runs"]
