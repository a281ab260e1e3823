"""A sweep: the same run with many settings, each in a folder of its own; stopped and gone on with.

What is done is seen from the folders alone, so running a sweep again does what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from neuroflow.config import changed, configure, differences, read, to_toml
from neuroflow.errors import (
    ConfigurationError,
    FileError,
    InputError,
    RegistryError,
    StateError,
    did_you_mean,
)
from neuroflow.experiments.differing import flattened
from neuroflow.experiments.jobs import results_of
from neuroflow.experiments.listing import RunTable
from neuroflow.experiments.point_run import run_point
from neuroflow.experiments.points import Point, name_of, points_of, space_of
from neuroflow.experiments.record import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    RunRecord,
    is_run,
    record_of,
)
from neuroflow.files import cannot_write, path_of, write_file
from neuroflow.pythonic import whole_number
from neuroflow.registry.manager import get, names

SWEEP = "sweep.toml"
"""The configuration that all points of a folder are changes of."""

HEADLINES = ("accuracy", "r2", "perplexity", "loss")
"""The scores by which the best is found if nobody says which; of test examples where there are."""


PARTS = ("validation_", "test_", "")


@define(eq=False, repr=False)
class Sweep:
    """Many runs of one configuration; iterate to run what is missing, as with a ``Training``.

    Each ended point is given as its :class:`~neuroflow.experiments.record.RunRecord`. ``points``
    has the settings of each, ``table`` all of them as they stand in their folders, and ``best`` the
    best one that is done.
    """

    source: Mapping[str, Any] | str
    folder: Path
    points: list[Point]
    by: str = ""
    jobs: int = 1
    retry: bool = False
    _problems: dict[str, str] = field(init=False, factory=dict)

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[RunRecord]:
        """Run what is missing or was stopped; what failed is left unless ``retry``.

        Ctrl-C stops all, saves them, and says how to go on.
        """
        self._begin()
        missing, ended = self.missing, 0
        try:
            for point, problem in self._results(missing):
                self._problems[name_of(point)] = problem
                ended += 1
                yield self._record(point)
        except KeyboardInterrupt as error:
            left = len(missing) - ended
            told = f"stopped and saved, with {left} of {len(self)} points to go"
            raise type(error)(f"{told}; run the same sweep again to go on") from error

    def run(self) -> Sweep:
        """Run to the end."""
        for _ in self:
            pass
        return self

    @property
    def missing(self) -> list[Point]:
        """The points that are to be run, or gone on with."""
        return [point for point in self.points if self._is_to_do(self._record(point))]

    @property
    def table(self) -> RunTable:
        """Every point as it stands, the best first, with the settings of the sweep alone."""
        records = tuple(map(self._record, self.points))
        paths = tuple(dict.fromkeys(path for point in self.points for path in flattened(point)))
        table = RunTable(records, self.folder, paths)
        metric = self.metric
        if not metric:
            return table
        return table.sorted(f"-{metric}" if is_better_higher(metric) else metric)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every point as a plain dict, the best first."""
        return self.table.rows

    @property
    def metric(self) -> str:
        """What the best one is found by; empty as long as nothing was scored."""
        records = [self._record(point) for point in self.points]
        known = dict.fromkeys(name for record in records for name in record.scores)
        if self.by:
            if known and self.by not in (*known, "loss"):
                raise InputError(
                    f"no run was scored by {self.by!r}",
                    remedy=did_you_mean(self.by, known, f"scores: {', '.join(known)}, loss"),
                    got=self.by,
                )
            return self.by
        parts = [f"{part}{name}" for part in PARTS for name in HEADLINES]
        if found := next((name for name in parts if name in known), ""):
            return found
        return "loss" if any(record.loss is not None for record in records) else ""

    @property
    def best(self) -> RunRecord | None:
        """The run that is best by :attr:`metric` of those that are done; None if none is."""
        done = [record for record in self.table if record.state == DONE]
        return next((record for record in done if _score(record, self.metric) is not None), None)

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()

    def _results(self, points: Sequence[Point]) -> Iterator[tuple[Point, str]]:
        if self.jobs == 1:
            for point in points:
                yield point, run_point(self.source, point, self._folder_of(point))
            return
        tasks = [
            {"source": self.source, "changes": point, "folder": str(self._folder_of(point))}
            for point in points
        ]
        for number, problem in results_of(tasks, self.jobs):
            yield points[number], problem

    def _folder_of(self, point: Point) -> Path:
        return self.folder / name_of(point)

    def _record(self, point: Point) -> RunRecord:
        """A point as it stands, in its folder or as a try to begin it ended."""
        folder, problem = self._folder_of(point), self._problems.get(name_of(point), "")
        if is_run(folder):
            return record_of(folder)
        state = FAILED if problem else WAITING
        settings = changed({}, point)
        return RunRecord(folder, state, configuration=settings, problem=problem)

    def _is_to_do(self, record: RunRecord) -> bool:
        if record.state == FAILED:
            return self.retry or not is_run(record.folder)
        return record.state not in (DONE, RUNNING)

    def _begin(self) -> None:
        """Note the configuration in the folder; refuse one that holds the runs of another."""
        tree, _ = read(self.source)
        _check_first(self.source, self.points)
        path = self.folder / SWEEP
        if path.exists():
            before, _ = read(path)
            if edits := differences(tree, before):
                paths = ", ".join(list(edits)[:5])
                raise StateError(
                    f"{self.folder} holds a sweep of another configuration: {paths} differ",
                    expected="the one that it began with",
                    remedy="choose another folder, or remove that one",
                    file=str(self.folder),
                )
            return
        if self.folder.is_dir() and any(self.folder.iterdir()):
            raise FileError(
                f"{self.folder} holds something else than a sweep",
                remedy="choose a new folder",
                file=str(self.folder),
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        write_file(path, to_toml(tree))


def _check_first(source: Mapping[str, Any] | str, points: Sequence[Point]) -> None:
    """Raise what is wrong with the first point if none can be meant."""
    first: ConfigurationError | None = None
    for point in points:
        try:
            configure(source, point)
            return
        except ConfigurationError as error:
            first = first or error
    if first is not None:
        raise first


def _check_metric(name: str) -> None:
    """Raise :class:`InputError` for what is the name of no score."""
    known = ["loss", *names("metric")]
    plain = name.removeprefix("validation_").removeprefix("test_")
    if plain not in known:
        raise InputError(
            f"no score is called {name!r}",
            remedy=did_you_mean(plain, known, f"scores: {', '.join(known)}, each also as test_..."),
            got=name,
            path="by",
        )


def is_better_higher(metric: str) -> bool:
    """Whether larger numbers are better.

    >>> is_better_higher("test_accuracy"), is_better_higher("loss")
    (True, False)
    """
    name = metric.removeprefix("validation_").removeprefix("test_")
    if name == "loss":
        return False
    try:
        return bool(get("metric", name).better == "higher")
    except RegistryError:
        return True


def _score(record: RunRecord, metric: str) -> float | None:
    return record.loss if metric == "loss" else record.scores.get(metric)


def sweep(
    source: Mapping[str, Any] | str | Path,
    grid: Mapping[str, Any] | Sequence[str],
    folder: str | Path,
    *,
    random: int = 0,
    seed: int = 0,
    by: str = "",
    jobs: int = 1,
    retry: bool = False,
) -> Sweep:
    """The runs of a configuration with many settings, each in a folder of its own.

    ``grid`` has the values of each setting, by its path, or a range such as ``"8..64"`` or
    ``"log:1e-4..1e-1"``; ``random`` draws so many points, always the same with the same ``seed``.
    ``by`` is the score that finds the best one, and ``jobs`` says how many processes work at the
    same time. Nothing runs until you iterate over the result, or ``run()`` it::

        sweep = nf.sweep("moons", {"optimizer.learning_rate": [0.1, 1.0]}, "sweeps/moons")
        sweep.run().best.folder

    Raises :class:`InputError` for a grid that is none.
    """
    whole_number(random, "random, how many points to draw", low=0)
    whole_number(jobs, "jobs, how many processes work at the same time", low=1)
    if by:
        _check_metric(by)
    space = space_of(grid)
    plain = dict(source) if isinstance(source, Mapping) else str(path_of(source, "the source"))
    made = points_of(space, random, whole_number(seed, "the seed", low=0))
    return Sweep(plain, path_of(folder, "the folder of the sweep"), made, by, jobs, retry)
