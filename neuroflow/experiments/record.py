"""One run as its folder tells of it: how far it is, how good, and from which settings.

Nothing is waited for and no model is built: the ends of its files are enough.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from attrs import field, frozen

from neuroflow.checkpoint import CHECKPOINT, read_description
from neuroflow.config import SECTIONS
from neuroflow.errors import NeuroflowError
from neuroflow.training import CONFIGURATION, METRICS, is_claimed, last_metrics

ERROR = "error.txt"
"""Why a run failed, in the folder of a run that belongs to a sweep."""

RUNNING, STOPPED, DONE, FAILED, DAMAGED = "running", "stopped", "done", "failed", "damaged"
"""The states of a run: at work, to be resumed, at its end, given up, or unreadable."""

WAITING = "waiting"
"""The state of a point of a sweep that was not begun."""

_OF_ONE_STEP = ("step", "loss", "epoch", "learning_rate", "gradient_norm")
"""What a line of the metrics says that is no score."""


@frozen
class RunRecord:
    """What a run's folder says: ``step`` of ``steps`` (None where nobody knows yet).

    ``loss`` and ``scores`` are the last ones, ``configuration`` the whole tree; ``problem`` says
    what is wrong with a run that is damaged or has failed.
    """

    folder: Path
    state: str
    begun: datetime | None = None
    step: int = 0
    steps: int | None = None
    loss: float | None = None
    scores: dict[str, float] = field(factory=dict)
    configuration: dict[str, Any] = field(factory=dict)
    problem: str = ""


def record_of(folder: Path) -> RunRecord:
    """The run of a folder that has a ``config.toml``, however far it came."""
    try:
        text = (folder / CONFIGURATION).read_text(encoding="utf-8")
        configuration = _without_dates(tomllib.loads(text))
        about = read_description(folder / CHECKPOINT) if (folder / CHECKPOINT).is_file() else {}
    except (OSError, ValueError, NeuroflowError) as error:
        return RunRecord(folder, DAMAGED, _begun(folder, {}), problem=_in_words(error, folder))
    saved = about.get("state", {})
    is_running = is_claimed(folder)
    step, loss, scores = _where_it_stands(folder, saved, is_running)
    steps = _steps(configuration, saved)
    problem = _text_of(folder / ERROR)
    state = RUNNING if is_running else FAILED if problem else STOPPED
    ended_early = saved.get("training", {}).get("best", {}).get("over", False)
    if steps is not None and (step >= steps or ended_early) and not is_running:
        state = DONE
    return RunRecord(
        folder, state, _begun(folder, saved), step, steps, loss, scores, configuration, problem
    )


def _where_it_stands(
    folder: Path, saved: Mapping[str, Any], is_running: bool
) -> tuple[int, float | None, dict[str, float]]:
    """Step, loss and scores: of the checkpoint, or of the metrics where the run goes on."""
    training = saved.get("training", {})
    step, loss = saved.get("step", 0), _finite(training.get("loss"))
    metrics = dict(training.get("metrics", {}))
    if is_running or not saved:
        for line in last_metrics(folder):
            metrics |= line
            step, loss = line["step"], line["loss"]
    scores = {name: _finite(x) for name, x in metrics.items() if name not in _OF_ONE_STEP}
    return step, loss, {name: x for name, x in scores.items() if x is not None}


def _steps(configuration: Mapping[str, Any], saved: Mapping[str, Any]) -> int | None:
    """How many steps there are to make: what was written down counts, as in resuming."""
    train = configuration.get("train")
    steps = train.get("steps") if isinstance(train, Mapping) else None
    return steps if type(steps) is int else saved.get("steps")


def _without_dates(tree: Any) -> Any:
    """The same with texts for dates, which no setting is, and JSON does not have."""
    if isinstance(tree, dict):
        return {key: _without_dates(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return list(map(_without_dates, tree))
    return str(tree) if isinstance(tree, (date, time)) else tree


def _begun(folder: Path, saved: Mapping[str, Any]) -> datetime | None:
    """When the run began; before its first checkpoint, when its configuration was written."""
    begun = saved.get("origin", {}).get("begun")
    try:
        if begun is None:
            begun = (folder / CONFIGURATION).stat().st_mtime
        return datetime.fromtimestamp(begun).astimezone()
    except (OSError, OverflowError, ValueError):
        return None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _in_words(error: Exception, folder: Path) -> str:
    if isinstance(error, NeuroflowError):
        return str(error)
    return f"{folder / CONFIGURATION} cannot be read: {error}"


def _finite(x: Any) -> float | None:
    is_number = isinstance(x, (int, float)) and not isinstance(x, bool)
    return x if is_number and math.isfinite(x) else None


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run.

    Other programs have a ``config.toml`` too: theirs has no section of ours, and no run beside it.
    """
    path = folder / CONFIGURATION
    if not path.is_file():
        return False
    if any((folder / name).is_file() for name in (CHECKPOINT, METRICS)):
        return True
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True  # damaged, and told so
    return any(section.name in tree for section in SECTIONS)
