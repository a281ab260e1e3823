"""A tab: one network that learns on one page, driven by messages, without any transport.

    tab = Tab("classification")
    for frame in tab.handle([{"do": "step", "count": 3}]):
        print(frame["type"])

``handle`` takes what the page asks for and gives frames, plain dicts; ``tick`` trains for a
moment while the run is playing. The training is :func:`neuroflow.train` and nothing else, so a
run on a page ends with the same bits as one in Python.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from attrs import define, field

from neuroflow.config import Tree, configure
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, NeuroflowError
from neuroflow.live import messages, receipts
from neuroflow.live.choices import CHOICES, LIVE
from neuroflow.live.frames import SHARE, Frame, Painter, setup_frame, where_it_stands
from neuroflow.live.history import History, Record, Records
from neuroflow.live.language import Language
from neuroflow.live.looking import explained, exported, too_far
from neuroflow.live.panels import Panels, Reports
from neuroflow.live.pictures import Curve, Examples, Picture, Plane, plain
from neuroflow.live.setup import MOST_PARAMETERS, held_out_of, tree_of, with_setup
from neuroflow.training import Step, Training
from neuroflow.training.given import Given
from neuroflow.view.outcome import sight_of

MOMENT = 0.05
"""Seconds of training between looks at the messages."""
PICTURES_A_SECOND = 25
"""A run with a pace is told so often: a screen hardly shows more."""
REPLAY = 5.0
"""Seconds in which the steps that were made before a page was opened are shown."""
PATIENCE = 0.3
"""Seconds that going to a step between two snapshots may take."""
MOST_STEPS = 1000
MANY_NUMBERS = 3000
"""More parameters than this are told only together with a picture."""
PICTURES: dict[str, type[Picture]] = {"text": Language, "curve": Curve, "plane": Plane}
"""The picture of what is to be seen; the first examples of all other data."""
LOOKING = ("open", "explain", "what_if", "export", "read", "invent", "seek", "play", "pause")
"""What can be asked without changing a run."""


@define(eq=False)
class Tab:
    """The state of one page. ``tree`` trains something else than the page's own example.

    With ``given`` the page only looks at a run that goes on elsewhere, whose losses are added
    to ``given_losses``, its reports to ``given_reports`` and its numbers to ``given_records``:
    what came before the page was opened is shown once more.
    """

    page: str = "classification"
    tree: Tree | None = None
    given: Training | None = None
    given_losses: list[float] = field(factory=list)
    given_reports: Reports = field(factory=Reports)
    given_records: Records = field(factory=Records)
    playing: bool = field(init=False, default=False)
    training: Training = field(init=False)
    edited: bool = field(init=False, default=False)
    clock: Callable[[], float] = time.perf_counter
    _start: Tree = field(init=False)
    _held_out: Dataset | None = field(init=False, default=None)
    _painter: Painter = field(init=False)
    _history: History = field(init=False)
    _panels: Panels = field(init=False)
    _reports: Reports = field(init=False)
    _iterator: Iterator[Step] = field(init=False)
    _pace: float = field(init=False, default=0.0)
    _until: int | None = field(init=False, default=None)
    _due: float = field(init=False, default=0.0)
    _losses: list[float] = field(init=False, factory=list)
    _tested: list[tuple[int, float]] = field(init=False, factory=list)
    _sent: int = field(init=False, default=0)
    _record: Record | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        if self.given is not None:
            self._start = self.given.configuration
            self._take_over(self.given)
            self._losses, self._history = self.given_losses, History()
            self._reports = self.given_reports
            self.playing = True
            return
        self._start = configure(self.tree) if self.tree is not None else tree_of(self.page)
        self._begin(self._start)

    # Messages --------------------------------------------------------------------------------

    def handle(self, asked: list[Any]) -> list[Frame]:
        """Do what the page asks for; problems become frames of the type ``error``."""
        frames: list[Frame] = []
        for message in messages.newest(asked):
            try:
                fields = messages.checked(message)
                do = fields.pop("do")
                if self.given is not None and do not in LOOKING:
                    raise InputError(
                        "this page looks at a run of neuroflow, which goes its own way",
                        remedy="neuroflow demo has pages where everything can be changed",
                    )
                act = getattr(self, f"_do_{do}")
                with self._as_shown():
                    frames += act(**fields)
            except NeuroflowError as error:
                frames.append(self._problem(error, message))
            except RecursionError:
                deep = InputError("that is nested too deeply", remedy="write it in a simpler way")
                frames.append(self._problem(deep, message))
        return frames

    def _as_shown(self) -> AbstractContextManager[None]:
        """The model as the page shows it: as it was at the step that is looked at."""
        shown = self._record if self.given is not None else None
        return shown.shown(self.training) if shown else nullcontext()

    def _problem(self, error: NeuroflowError, message: Any = None) -> Frame:
        do = message.get("do") if isinstance(message, Mapping) else None
        return messages.error_frame(error, do)

    def tick(self) -> tuple[list[Frame], float]:
        """Train for a moment if the run is playing: frames, and how many seconds to wait then."""
        if not self.playing:
            return [], 0.0
        if self.given is not None:
            return self._look()
        now = self.clock()
        if self._pace and now < self._due and not self._until:
            return [], self._due - now
        try:
            self._train_for_a_moment(now)
        except NeuroflowError as error:
            self.playing = False
            self._painter.forget()
            return [self._problem(too_far(error, self.training)), self._state()], 0.0
        if self.training.step >= min(self._until or self.training.steps, self.training.steps):
            self.playing = False
            self._until = None
        return [self._state()], 0.0

    def _look(self) -> tuple[list[Frame], float]:
        """The next step that was recorded; or the given run as it stands now, if it has moved."""
        to_come = self.given_records.after(self._record.step if self._record else 0)
        if to_come:
            self._record = to_come[0]
            pause = max(1 / PICTURES_A_SECOND, REPLAY / len(self.given_records.kept))
            self.playing = len(to_come) > 1 or not self.training.is_over
            with self._as_shown():
                return [self._state()], max(pause, self._painter.cost / SHARE)
        self.playing = not self.training.is_over
        return [], 0.05

    def _train_for_a_moment(self, now: float) -> None:
        """All steps that a moment has room for; with a pace, those that are due by then."""
        last = self._until or self.training.steps
        if self._pace and not self._until:
            count = max(1, round(self._pace / PICTURES_A_SECOND))
            self._due = max(self._due, now - MOMENT) + count / self._pace
            last = min(last, self.training.step + count)
        while self.training.step < last and self.clock() < now + MOMENT:
            self._one_step()
        self._history.take(self.training)

    def _one_step(self) -> None:
        at = self.training.step
        del self._losses[at:]
        self._sent = min(self._sent, at)
        self._history.forget_after(at)
        report = next(self._iterator)
        self._losses.extend(report.losses)
        if "test_loss" in report.metrics:
            self._tested = [pair for pair in self._tested if pair[0] <= at]
            self._tested.append((report.step, report.metrics["test_loss"]))
        self._reports.add(report)

    def _do_open(self, setup: Any = None, step: Any = None) -> list[Frame]:
        """The page was opened: with the set-up of its address, if there is one.

        A page that is loaded again trains to the ``step`` at which it was left.
        """
        problems = []
        if self._record is None and self.given_records.kept:
            self._record = self.given_records.kept[0]
        if setup and self.given is None:
            try:
                self._begin(with_setup(self._start, setup))
            except NeuroflowError as error:
                problems.append(self._problem(error, {"do": "open"}))
        if step is not None and self.given is None and not problems:
            self._until = messages.whole(step, "step", 0, self.training.steps)
            self.playing = self._until > self.training.step
        with self._as_shown():
            return [self._setup(), self._state(full=True), *problems]

    def _do_play(self) -> list[Frame]:
        if self.given is None:
            self._need_steps()
        self.playing = True
        self._due = self.clock()
        return [self._state()]

    def _do_pause(self) -> list[Frame]:
        self.playing = False
        self._until = None
        if self.given is None:
            self._history.take(self.training, now=True)
        return [self._state(full=True)]

    def _do_step(self, count: Any = 1) -> list[Frame]:
        count = messages.whole(count, "count", 1, MOST_STEPS)
        self.playing = False
        self._need_steps()
        end = self.clock() + 2.0
        for _ in range(min(count, self.training.steps - self.training.step)):
            self._one_step()
            self._history.take(self.training)
            if self.clock() > end:
                break
        self._history.take(self.training, now=True)
        return [self._state(full=True)]

    def _need_steps(self) -> None:
        if self.training.step >= self.training.steps:
            raise InputError(
                f"the run is over after {self.training.steps} steps",
                remedy="choose more epochs to go on, or reset it",
            )

    def _do_reset(self, seed: Any = None) -> list[Frame]:
        """Start anew: from the same seed, a ``"new"`` one, or a given one."""
        tree = configure(self.training.configuration)
        if seed == "new":
            tree["train"]["seed"] = secrets.randbelow(100_000)
        elif seed is not None:
            tree["train"]["seed"] = CHOICES["seed"].check(seed)
        self._begin(tree)
        return [self._setup(), self._state(full=True)]

    def _do_speed(self, value: Any = 0) -> list[Frame]:
        """Steps per second; 0 is as fast as possible."""
        self._pace = messages.number(value, "speed", 0, 10_000)
        self._due = self.clock()
        return []

    def _do_configure(self, setup: Any = None) -> list[Frame]:
        tree = with_setup(self.training.configuration, setup)
        playing = self.playing
        if setup and all(name in LIVE for name in setup):
            self._go_on_with(tree)
            self.playing = playing and self.training.step < self.training.steps
        else:
            self._begin(tree)
            self.playing = playing
        return [self._setup(), self._state(full=True)]

    def _do_rows(self, rows: Any = None) -> list[Frame]:
        """Points moved, added or taken away by hand: all else stays as it is.

        Where as many points are left, the run goes on with its optimizer, its step and its losses;
        with more or fewer, it begins anew with the weights that it has.
        """
        now, playing = self.training, self.playing
        tree = with_setup(now.configuration, {"rows": rows})
        self._held_out = held_out_of(now)
        if len(rows) == len(now.dataset) and tree["model"] == now.configuration["model"]:
            self._go_on_with(tree)
        else:
            self._begin(tree)
            self._give([p.data for p in now.runner.parameters])
        self.edited = True
        self.playing = playing and self.training.step < self.training.steps
        return [self._setup(), self._state(full=True)]

    def _give(self, numbers: list[float]) -> None:
        """The numbers of another model of the same size."""
        parameters = self.training.runner.parameters
        if len(parameters) == len(numbers):
            for parameter, number in zip(parameters, numbers, strict=True):
                parameter.data = number
            self._history.take(self.training, now=True)

    def _do_explain(
        self, what: Any = None, name: Any = None, row: Any = None, opened: Any = None
    ) -> list[Frame]:
        """The receipt of a parameter, a neuron, a point or an attention weight."""
        text = self._language().text if what == "attention" else ""
        return [explained(self.training, what, name, row, text, opened)]

    def _language(self) -> Language:
        picture = self._painter.picture
        if not isinstance(picture, Language):
            raise InputError("this page has no language model", remedy="open the page gpt")
        return picture

    def _do_read(self, text: Any = None, temperature: Any = None) -> list[Frame]:
        """Another text to look at, or another temperature."""
        language = self._language()
        before = language.text, language.temperature
        try:
            if text is not None:
                language.text = messages.text(text, "the text").strip().lower()
            if temperature is not None:
                language.temperature = messages.number(temperature, "temperature", 0.05, 5)
            language.look()
        except NeuroflowError:
            language.text, language.temperature = before
            raise
        return [self._state(full=True)]

    def _do_invent(self, count: Any = 1) -> list[Frame]:
        """Let the model write some names."""
        self._language().invent(messages.whole(count, "count", 1, 10))
        return [self._state(full=True)]

    def _do_what_if(self, name: Any = None, by: Any = 0.0) -> list[Frame]:
        by = messages.number(by, "by", -1000, 1000)
        return [plain({"type": "what_if", **receipts.of_change(self.training, name, by)})]

    def _do_edit(self, name: Any = None, value: Any = None) -> list[Frame]:
        """Set one weight; the run goes on from there."""
        parameter = receipts.parameter_named(self.training, name)
        parameter.data = messages.number(value, str(name), -1000, 1000)
        self.edited = True
        self._history.take(self.training, now=True)
        return [self._state(full=True)]

    def _do_seek(self, step: Any = None) -> list[Frame]:
        """Go back, or forth again, to a step; training goes on from there.

        Steps between snapshots are made once more, if nothing was changed by hand on the way.
        """
        step = messages.whole(step, "step", 0, 10**9)
        self.playing = False
        if self.given is not None:
            self._record = self.given_records.at(step) or self._record
            with self._as_shown():
                return [self._state(full=True)]
        if self.training.step not in self._history.steps:
            self._history.take(self.training, now=True)
        self._history.nearest(step).restore(self.training)
        self._iterator = iter(self.training)
        end = self.clock() + PATIENCE
        while not self.edited and self.training.step < min(step, self._history.steps[-1]):
            next(self._iterator)
            if self.clock() > end:
                break
        return [self._state(full=True)]

    def _do_export(self, what: Any = None, row: Any = 0) -> list[Frame]:
        return [exported(self.training, self.page, what, row)]

    # The run ---------------------------------------------------------------------------------

    def _begin(self, tree: Tree) -> None:
        """A new run. Nothing of the old one is touched before the new one is known to work."""
        training = self._made(tree)
        count = len(training.runner.parameters)
        if self.tree is None and count > MOST_PARAMETERS:
            raise InputError(
                f"the model has {count} parameters", expected=f"{MOST_PARAMETERS}", got=count
            )
        self._take_over(training)
        self.playing = False
        self.edited = False
        self._losses, self._tested = [], []
        self._reports = Reports()
        self._history = History()
        self._history.take(training)

    def _made(self, tree: Tree) -> Training:
        """A run; what was held out before points were moved by hand stays held out."""
        by_hand = tree["data"]["use"] == "rows"
        return Training(configure(tree), Given(test=self._held_out) if by_hand else Given())

    def _take_over(self, training: Training) -> None:
        self.training = training
        self._iterator = iter(training)
        picture = PICTURES.get(sight_of(training.dataset), Examples)
        self._painter = Painter(picture(training), self.clock)
        self._panels = Panels(self.clock)

    def _go_on_with(self, tree: Tree) -> None:
        """The same run with other numbers for the rest of its way."""
        training, now = self._made(tree), self.training
        changed = now.step > 0
        self._history.take(now, now=True)
        self._take_over(training)
        self._history.nearest(now.step).restore(training)
        self.edited = self.edited or changed

    # Frames ----------------------------------------------------------------------------------

    def _setup(self) -> Frame:
        return setup_frame(self.page, self.training, self._painter.picture, self.given is not None)

    def _state(self, full: bool = False) -> Frame:
        """Where the run stands; with the picture if it is due."""
        training = self.training
        record = self._record
        count = record.losses if record else len(self._losses)
        first = 0 if full else min(self._sent, count)
        self._sent = count
        standing = record.standing if record else where_it_stands(training)
        frame = {
            **standing,
            "playing": self.playing,
            "edited": self.edited,
            "losses_from": first,
            "losses": self._losses[first:count],
            "tested": self._tested,
            "snapshots": self.given_records.steps if record else self._history.steps,
        }
        with_picture = full or not self.playing or self._painter.is_due
        if with_picture or len(training.runner.parameters) <= MANY_NUMBERS:
            frame["numbers"] = [p.data for p in training.runner.parameters]
        if with_picture:
            frame["picture"] = self._painter.now()
            reports = self._reports.until(standing["step"])
            frame["panels"] = self._panels.now(reports, full or not self.playing)
        return plain(frame)  # type: ignore[no-any-return]
