"""The folder of a run: started, run to the end, saved on the way, and resumed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve

from neuroflow.checkpoint import (
    CHECKPOINT,
    OPTIMIZER,
    check_uses,
    load_parameters,
    read_arrays,
    save,
)
from neuroflow.checkpoint.facts import data_facts
from neuroflow.config import changed, configure, to_toml
from neuroflow.errors import FileError, StateError
from neuroflow.files import PARTIAL, cannot_write, in_shell, path_of, write_file
from neuroflow.training.metrics import METRICS, MetricsFile
from neuroflow.training.steps import Step, Training
from neuroflow.training.stopping import Signals, listening

CONFIGURATION = "config.toml"


@define(eq=False)
class Run:
    """A training run and its folder; iterate to go on, as with :class:`Training`.

    ``seconds_between`` is the longest time without a checkpoint, counted between steps::

        run = Run.start("moons", "runs/moons")
        for step in run:
            print(step.loss)
        Run.resume("runs/moons")
    """

    folder: Path
    training: Training
    seconds_between: float = 5.0

    @classmethod
    def start(
        cls,
        source: Mapping[str, Any] | str | Path,
        folder: str | Path,
        changes: Mapping[str, Any] | Iterable[str] = (),
        *,
        seconds_between: float = 5.0,
    ) -> Run:
        """A new run in a folder that holds none yet.

        Raises :class:`FileError` if it does, or if it cannot be written, and
        :class:`ConfigurationError` for the problems of the source.
        """
        folder = path_of(folder, "the run folder")
        training = Training(configure(source, changes))
        if (folder / CONFIGURATION).exists():
            raise FileError(
                f"{folder} already holds a run",
                remedy=f"go on with: neuroflow resume {in_shell(folder)}, or choose another folder",
                file=str(folder),
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(folder, error) from error
        write_file(folder / CONFIGURATION, to_toml(training.configuration))
        return cls(folder, training, seconds_between)

    @classmethod
    def resume(cls, folder: str | Path, *, seconds_between: float = 5.0) -> Run:
        """The run of a folder, as it stands at its last checkpoint.

        Raises :class:`FileError` if the folder holds no run, and :class:`StateError` if its
        checkpoint is damaged or belongs to another model.
        """
        folder = path_of(folder, "the run folder")
        if not (folder / CONFIGURATION).is_file():
            raise FileError(
                f"{folder} holds no run: there is no {CONFIGURATION} in it",
                remedy="give the folder that neuroflow train wrote",
                file=str(folder),
            )
        for left_over in folder.glob(PARTIAL.format("*")):
            left_over.unlink(missing_ok=True)
        checkpoint = folder / CHECKPOINT
        if not checkpoint.exists():
            return cls(folder, Training(configure(folder / CONFIGURATION)), seconds_between)
        saved, arrays = read_arrays(checkpoint)
        if not saved.state:
            raise StateError(
                f"{checkpoint} is a saved model, not the checkpoint of a run",
                remedy="nothing can be resumed from it, so train anew",
                file=str(checkpoint),
            )
        check_uses(saved.uses, str(checkpoint))  # first: it names plugins that are missing
        configuration = configure(folder / CONFIGURATION)
        backend = saved.state["training"]["backend"]
        training = Training(changed(configuration, {"train.backend": backend}))
        training.options["backend"] = configuration["train"]["backend"]
        load_parameters(training.model, arrays, checkpoint)
        optimizer = {
            name.removeprefix(OPTIMIZER): array.tolist()
            for name, array in arrays.items()
            if name.startswith(OPTIMIZER)
        }
        state = saved.state["training"]
        training.load_state_dict({**state, "optimizer": {**state["optimizer"], **optimizer}})
        return cls(folder, training, seconds_between)

    def __iter__(self) -> Iterator[Step]:
        """Run to the end; every report is in the metrics file before it is given.

        Ctrl-C and SIGTERM stop after the step that is being made, or cut it off if it takes more
        than a second: the run is saved, and KeyboardInterrupt says how to go on. Leaving the loop
        saves it too.
        """
        with MetricsFile(self.folder, self.training.step) as metrics, listening() as signals:
            try:
                yield from self._reports(metrics, signals)
            except GeneratorExit:
                self.save()
                raise
            except KeyboardInterrupt as error:
                if error.args:
                    raise
                told = f"stopped in the middle of a step; go on with: {self._how_to_go_on}"
                raise signals.stopped(told) from error

    def _reports(self, metrics: MetricsFile, signals: Signals) -> Iterator[Step]:
        """Run to the end; now and then, and where a signal asks for it, save between reports."""
        saved_at, saved_step = time.monotonic(), -1
        losses: tuple[float, ...] = ()

        def is_time() -> bool:
            return signals.heard() or time.monotonic() - saved_at >= self.seconds_between

        for step, is_report in self.training.advances(is_time):
            (metrics.write if is_report else metrics.write_losses)(step)
            if signals.heard() and step.step < step.steps:
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
    def _how_to_go_on(self) -> str:
        return f"neuroflow resume {in_shell(self.folder)}"

    def run(self) -> Run:
        """Run to the end without reports."""
        for _ in self:
            pass
        return self

    def save(self) -> None:
        """Write the checkpoint, in one step; the metrics up to it are on the disk by then."""
        training = self.training
        state = training.state_dict()
        numbers = {
            name: value for name, value in state["optimizer"].items() if isinstance(value, list)
        }
        state["optimizer"] = {
            name: value for name, value in state["optimizer"].items() if name not in numbers
        }
        save(
            training.model,
            self.folder / CHECKPOINT,
            configuration=training.configuration,
            data=data_facts(training.dataset),
            state={"training": state, "step": training.step, "metrics_bytes": self._metrics_size()},
            optimizer=numbers,
        )

    def summary(self) -> dict[str, Any]:
        """What there is to say about the run so far, and where it is."""
        return {**self.training.summary(), "folder": str(self.folder)}

    def _metrics_size(self) -> int:
        path = self.folder / METRICS
        return path.stat().st_size if path.exists() else 0
