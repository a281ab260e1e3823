"""The folder of a run: started, run to the end, saved on the way, and resumed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, define, evolve, field

from neuroflow.checkpoint import (
    BEST_MODEL,
    CHECKPOINT,
    check_uses,
    load_parameters,
    read_arrays,
    save,
)
from neuroflow.checkpoint.origin import Origin, changes_since
from neuroflow.checkpoint.uses import local_code
from neuroflow.config import Tree, changed, configure, differences, to_toml
from neuroflow.core.protocols.frozen import take_patterns
from neuroflow.core.types import shown
from neuroflow.engine.run.workers import Workers
from neuroflow.errors import FileError, StateError, one_line
from neuroflow.files import PARTIAL, cannot_write, in_shell, path_of, write_file
from neuroflow.memory import no_more_parameters
from neuroflow.stopping import Signals, listening
from neuroflow.training.folder import Claim, claimed, new_folder
from neuroflow.training.given import separated
from neuroflow.training.metrics import MetricsFile
from neuroflow.training.observing import watched
from neuroflow.training.resuming import check_code, check_data, check_edits, check_files
from neuroflow.training.state import lists_apart, state_of
from neuroflow.training.steps import Step, Training
from neuroflow.training.using import Trained
from neuroflow.training.workers import WorkerError

CONFIGURATION = "config.toml"


@define(eq=False, repr=False)
class Run(Trained):
    """A training run and its folder; iterate to go on, as with :class:`Training`.

    ``seconds_between`` is the longest time without a checkpoint, counted between steps::

        run = Run.start("moons", "runs/moons")
        for step in run:
            print(step.loss)
        Run.resume("runs/moons")
    """

    copy_instead = "copy its model, or nf.Run.resume(folder) once this one has ended"
    folder: Path
    training: Training
    seconds_between: float = 5.0
    _claim: Claim | None = None
    _metrics: MetricsFile | None = field(init=False, default=None)
    _writing: bool = field(init=False, default=False)
    _seen: Stamp = field(init=False)
    _saved_best: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self._seen = _stamp(self.folder)
        if self._claim is not None:
            self.training.add_note(self._claim.note)

    @classmethod
    def start(
        cls,
        source: Mapping[str, Any] | str | Path,
        folder: str | Path | None = None,
        changes: Mapping[str, Any] | Iterable[str] = (),
        *,
        seconds_between: float = 5.0,
        workers: Workers | None = None,
        **parts: Any,
    ) -> Run:
        """A new run in a folder that holds none yet; without one in ``runs``, under a new name.

        Parts of your own (``model``, ``data``, ``loss`` ...) are those of :func:`train`.

        Raises :class:`FileError` if it does, if another process begins one there, or if it
        cannot be written, and :class:`ConfigurationError` for the problems of the source.
        """
        folder = folder if folder is None else path_of(folder, "the run folder")
        tree, given = separated(source, **parts)
        training = Training(configure(tree, changes), given, workers)
        if folder is None:
            folder = new_folder("run" if isinstance(source, Mapping) else Path(source).stem)
        return cls.begun(training, folder, seconds_between=seconds_between)

    @classmethod
    def begun(
        cls,
        training: Training,
        folder: str | Path,
        *,
        seconds_between: float = 5.0,
    ) -> Run:
        """A new run of what is about to be trained, in a folder of its own; see :meth:`start`."""
        folder = path_of(folder, "the run folder")
        text = to_toml(training.configuration)
        _holds_no_run(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(folder, error) from error
        with claimed(folder) as claim:
            _holds_no_run(folder)  # another process may have been quicker
            training.origin = origin_of(training)  # before anything can change its data
            write_file(folder / CONFIGURATION, text)
            run = cls(folder, training, seconds_between, claim)
        if training.given.model is not None:
            run.save()  # its first numbers are in no configuration
        return run

    @classmethod
    def resume(
        cls,
        folder: str | Path,
        *,
        seconds_between: float = 5.0,
        workers: Workers | None = None,
        **parts: Any,
    ) -> Run:
        """The run of a folder, as it stands at its last checkpoint; nobody else can go on with it.

        What has no name, such as a model of your own class or examples from an array, is handed
        over again: ``Run.resume(folder, model=..., data=(X, y))``.

        Raises :class:`FileError` if the folder holds no run or another process writes in it, and
        :class:`StateError` if its checkpoint is damaged or belongs to another model.
        """
        folder = _holds_a_run(folder)
        with claimed(folder) as claim:
            for left_over in folder.glob(PARTIAL.format("*")):
                left_over.unlink(missing_ok=True)
            training = read_run(folder, workers=workers, **parts)
            return cls(folder, training, seconds_between, claim)

    def __repr__(self) -> str:
        return f"<Run {one_line(str(self.folder))}: {self.training.standing}>"

    def __iter__(self) -> Iterator[Step]:
        """Run to the end; every report is in the metrics file before it is given.

        Ctrl-C and SIGTERM stop after the step that is being made, or cut it off if it takes more
        than a second: the run is saved, and KeyboardInterrupt says how to go on. Leaving the loop
        saves it too.
        """
        with (
            self._holding(),
            MetricsFile(self.folder, self.training.step) as metrics,
            listening() as signals,
        ):
            self.training.add_note(metrics.note)
            self._metrics = metrics
            try:
                yield from watched(self.training, self._reports(metrics, signals), self.folder)
            except GeneratorExit:
                self.save()
                raise
            except KeyboardInterrupt as error:
                if error.args:
                    raise
                told = f"stopped in the middle of a step; go on with: {self._how_to_go_on}"
                raise signals.stopped(told) from error
            except WorkerError as error:
                error.remedy = "go on from the last checkpoint, with any number of workers:"
                error.remedy += f" {self._how_to_go_on}"
                raise
            finally:
                self._metrics = None

    def _reports(self, metrics: MetricsFile, signals: Signals) -> Iterator[Step]:
        """Run to the end; now and then, and where a signal asks for it, save between reports."""
        saved_at, saved_step = time.monotonic(), -1
        losses: tuple[float, ...] = ()

        def is_time() -> bool:
            return signals.heard() or time.monotonic() - saved_at >= self.seconds_between

        for step, is_report in self.training.advances(is_time):
            (metrics.write if is_report else metrics.write_losses)(step)
            if self.training.any_worker(signals.heard()) and not self.training.is_over:
                self.save()
                told = f"stopped and saved at step {step.step} of {step.steps}"
                raise signals.stopped(f"{told}; go on with: {self._how_to_go_on}")
            if is_time():
                self.save()
                saved_at, saved_step = time.monotonic(), step.step
            losses += step.losses
            if is_report:
                yield evolve(step, losses=losses)
                losses = ()
        if saved_step != self.training.step:
            self.save()

    @property
    def origin(self) -> Origin:
        """What the run was made from, when it began."""
        if self.training.origin is None:
            self.training.origin = origin_of(self.training)
        return self.training.origin

    @property
    def _how_to_go_on(self) -> str:
        return f"neuroflow resume {in_shell(self.folder)}"

    def run(self) -> Run:
        """Run to the end without reports."""
        for _ in self:
            pass
        return self

    @property
    def _training(self) -> Training:
        return self.training

    @property
    def model(self) -> Any:
        """The model that is trained, itself and no copy."""
        return self.training.model

    def set(self, changes: Mapping[str, Any] | Iterable[str]) -> None:
        """Change settings of what comes next, and save: see :meth:`Training.set`."""
        self.training.set(changes)
        self.save()

    def stop(self) -> None:
        """End the loop after the report that was given; the run is saved then."""
        self.training.stop()

    def save(self, path: str | Path | None = None) -> None:
        """Write the checkpoint, in one step; the metrics up to it are on the disk by then.

        With a path the model alone is written, there: see :meth:`save_model`.
        """
        if path is not None:
            self.save_model(path)
            return
        training = self.training
        with self._holding(), training.as_after_its_last_step():
            if self._metrics is not None:
                self._metrics.sync()
            state, numbers = lists_apart(training.state_dict())
            save(
                training.model,
                self.folder / CHECKPOINT,
                configuration=training.begun,
                state={
                    "training": state,
                    "step": training.step,
                    "steps": training.steps,
                    "origin": asdict(self.origin),
                },
                optimizer=numbers,
                given=training.given.model is not None,
            )
            self._seen = _stamp(self.folder)
            self._save_best()

    def _save_best(self) -> None:
        """Write the best model so far, if it is kept and another than the one that is written."""
        best = self.training.best
        if best is None or not best.numbers or best.step == self._saved_best:
            return
        with self.training.as_at_its_best():
            save(
                self.training.model,
                self.folder / BEST_MODEL,
                configuration=self.training.configuration,
                given=self.training.given.model is not None,
            )
        self._saved_best = best.step

    def summary(self) -> dict[str, Any]:
        """What there is to say about the run so far, and where it is."""
        return {**self.training.summary(), "folder": str(self.folder)}

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        """Keep others from writing in the folder for as long as this run does."""
        if self._writing:  # the loop of the run, which saves it now and then
            yield
            return
        if self._claim is None or not self._claim.held:
            with claimed(self.folder) as again:
                self._nobody_went_on()
            self._claim = again
        self._writing = True
        try:
            yield
        finally:
            self._writing = False
            self._claim.release()

    def _nobody_went_on(self) -> None:
        if _stamp(self.folder) != self._seen:
            raise StateError(
                f"{self.folder} has changed since this run stopped: another process went on with"
                " it, or its checkpoint was replaced",
                remedy="take it up as it is now, with Run.resume",
                file=str(self.folder),
            )


def read_run(folder: str | Path, *, workers: Workers | None = None, **parts: Any) -> Training:
    """The run of a folder as it stands at its last checkpoint, to be looked at.

    Its configuration is that of ``config.toml``; where the checkpoint was written with another,
    the note of the run's summary says so.
    What a run was given as itself, ``parts`` give again, see :meth:`Run.resume`.
    Nothing is written and nobody is waited for: another process may go on with the run. Raises
    what :meth:`Run.resume` raises.
    """
    folder = _holds_a_run(folder)
    checkpoint = folder / CHECKPOINT
    tree, given = separated(folder / CONFIGURATION, **parts)
    if any(part is not None for part in parts.values()):
        _are_the_same(configure(folder / CONFIGURATION), configure(tree), folder)
    if not checkpoint.exists():
        return Training(configure(tree), given, workers)
    saved, arrays = read_arrays(checkpoint)
    state = state_of(saved, arrays, str(checkpoint))
    check_uses(saved.uses, str(checkpoint))  # first: it names plugins that are missing
    configuration = configure(tree)
    origin = Origin.from_state(saved.state)
    check_files(folder, configuration, origin)
    with no_more_parameters(saved.parameters, str(checkpoint)):
        chosen = changed(configuration, {"train.backend": state["backend"]})
        training = Training(chosen, given, workers)
    for tree in (training.configuration, training.begun):
        tree["train"]["backend"] = configuration["train"]["backend"]
    edits = differences(training.begun, saved.configuration)
    for change in state["changes"]:
        training.change(
            {k: x for k, x in change["values"].items() if k not in edits}, change["step"]
        )
    steps = (saved.state.get("step", 0), training.steps)
    training.add_note(check_edits(folder / CONFIGURATION, edits, *steps))
    check_data(folder, origin, origin_of(training), edits)
    training.add_note(check_code(folder, origin, code_of(training)))
    training.origin = origin
    training.add_note("; ".join(changes_since(saved)))
    if "train.freeze" not in edits:
        take_patterns(training.model, saved.frozen)
    load_parameters(training.model, arrays, checkpoint)
    training.load_state_dict(state)
    return training


def _are_the_same(then: Tree, now: Tree, folder: Path) -> None:
    """Raise :class:`StateError` for a part handed over in the place of another."""
    for path, (old, new) in differences(then, now).items():
        raise StateError(
            f"{folder} began with {path} = {shown(old)}, and was given {shown(new)}",
            expected="what it began with",
            remedy="hand over the same again, or begin another run",
            got=new,
            file=str(folder),
        )


def origin_of(training: Training) -> Origin:
    """What a run is made from, with the data that it has read."""
    return Origin.of(training.configuration, training.parts, code_of(training))


def code_of(training: Training) -> dict[str, str]:
    """A digest of all code of a run that no distribution has, by what it is there for."""
    return {**local_code(training.configuration), **training.given.code}


def _holds_a_run(folder: str | Path) -> Path:
    folder = path_of(folder, "the run folder")
    if not (folder / CONFIGURATION).is_file():
        raise FileError(
            f"{folder} holds no run: there is no {CONFIGURATION} in it",
            remedy="give the folder that neuroflow train wrote",
            file=str(folder),
        )
    return folder


def _holds_no_run(folder: Path) -> None:
    if (folder / CONFIGURATION).exists():
        raise FileError(
            f"{folder} already holds a run",
            remedy=f"go on with: neuroflow resume {in_shell(folder)}, or choose another folder",
            file=str(folder),
        )


Stamp = tuple[int, int, int] | None


def _stamp(folder: Path) -> Stamp:
    """What tells a checkpoint from another at the same place; None if there is none."""
    try:
        facts = (folder / CHECKPOINT).stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns
