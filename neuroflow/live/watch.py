"""Watch a run of ``neuroflow train`` or ``resume``: the run goes its own way, the page looks.

The page's questions wait at a desk; the thread that trains answers them between two steps. So
no number is read while it changes, and the run ends with the same bits as without a page.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from attrs import define, field

from neuroflow.live.frames import Frame
from neuroflow.live.history import Record, Records
from neuroflow.live.panels import Reports
from neuroflow.live.tab import Tab
from neuroflow.training import Step, Training
from neuroflow.view.outcome import sight_of

Job = Callable[[], Any]


@define(eq=False)
class Desk:
    """Where the threads of the server leave their questions for the thread that trains."""

    training: Training
    losses: list[float] = field(factory=list)
    records: Records = field(factory=Records)
    reports: Reports = field(factory=Reports)
    _jobs: queue.SimpleQueue[tuple[Job, Future[Any]]] = field(factory=queue.SimpleQueue)
    _turn: threading.Lock = field(factory=threading.Lock)
    _closed: bool = False

    def ask(self, job: Job) -> Any:
        """The answer to a question, when its turn has come."""
        answer: Future[Any] = Future()
        self._jobs.put((job, answer))
        return answer.result()

    def seen(self, step: Step) -> None:
        """A step is done: note its losses and its report, and answer all questions."""
        self.losses.extend(step.losses)
        self.records.add(Record.of(self.training, len(self.losses)))
        self.reports.add(step)
        with contextlib.suppress(queue.Empty):
            while True:
                self._answer(*self._jobs.get_nowait())

    def stay(self) -> None:
        """Answer questions until interrupted, or until the desk is closed."""
        while not self._closed:
            self._answer_next(0.5)

    def close(self, server: threading.Thread) -> None:
        """Answer what is still asked until the server has ended, so that it waits for nobody."""
        while server.is_alive():
            self._answer_next(0.05)
        self._closed = True

    def _answer_next(self, seconds: float) -> None:
        with contextlib.suppress(queue.Empty):
            self._answer(*self._jobs.get(timeout=seconds))

    def _answer(self, job: Job, answer: Future[Any]) -> None:
        with self._turn:
            try:
                answer.set_result(job())
            except Exception as error:
                answer.set_exception(error)

    def tab(self, page: str) -> Onlooker:
        """What one tab talks to."""
        seen = self.training, self.losses, self.reports, self.records
        return Onlooker(self, self.ask(lambda: Tab(page, None, *seen)))


@define(eq=False)
class Onlooker:
    """A tab at the other side of the desk."""

    desk: Desk
    tab: Tab

    @property
    def playing(self) -> bool:
        """Whether there is more to come."""
        return self.tab.playing

    @playing.setter
    def playing(self, _: bool) -> None:
        """A page cannot stop the run."""

    def handle(self, asked: list[Any]) -> list[Frame]:
        """As :meth:`Tab.handle`, between two steps."""
        frames: list[Frame] = self.desk.ask(lambda: self.tab.handle(asked)) if asked else []
        return frames

    def tick(self) -> tuple[list[Frame], float]:
        """As :meth:`Tab.tick`, between two steps."""
        found: tuple[list[Frame], float] = self.desk.ask(self.tab.tick)
        return found


PAGES_FOR = {"text": "gpt", "curve": "function", "plane": "classification"}
"""The page of what is to be seen; all other data has a page for any run."""


def page_of(training: Training) -> str:
    """The page that suits the data."""
    return PAGES_FOR.get(sight_of(training.dataset), "training")


@contextlib.contextmanager
def watching(
    training: Training, losses: Iterable[float] = (), port: int = 0
) -> Iterator[tuple[str, Desk]]:
    """Serve the page of a run from another thread, to the end; gives its address, and the desk.

    ``losses`` are those of the steps that a resumed run has behind it.
    """
    from neuroflow.live.server import LiveServer, listening, web_server

    desk = Desk(training, list(losses))
    listener = listening(port)
    server = LiveServer(desk.tab, page_of(training), listener.getsockname()[1])
    web = web_server(server)
    thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield server.address, desk
    finally:
        web.should_exit = True
        desk.close(thread)
