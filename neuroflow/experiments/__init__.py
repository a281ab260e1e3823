"""Experiments: runs beside each other, listed, compared, and made for many settings.

Reading order: :mod:`record` (one run, as its folder tells), :mod:`differing` (settings),
:mod:`listing`, :mod:`comparison`. Of a sweep: :mod:`points`, :mod:`point_run`, :mod:`worker`,
:mod:`jobs`, :mod:`sweeping`.
"""

from neuroflow.experiments.comparison import RunComparison, compare
from neuroflow.experiments.listing import RunTable, runs
from neuroflow.experiments.record import RunRecord
from neuroflow.experiments.sweeping import Sweep, sweep

__all__ = ["RunComparison", "RunRecord", "RunTable", "Sweep", "compare", "runs", "sweep"]
