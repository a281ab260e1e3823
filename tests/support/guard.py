"""No test changes its own process: what one leaves behind is put back, and fails that test.

The state of the process (``tests/support/process.py``) is compared after the teardown of each
test, so fixtures that restore have done so. What a fixture of a module or a session changes is
expected for as long as the fixture lives. Streams are special: pytest puts its own back between the
phases of a test, which would hide that a test did not.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Container, Iterator
from typing import Any

import pytest
from attrs import Factory, define

from tests.support.process import ABSENT, PARTS, Part

PATIENCE = 10.0  # seconds for a thread to end that was told to
STREAMS = ("stdin", "stdout", "stderr")

State = dict[tuple[str, str], Any]
Changes = dict[tuple[str, str], tuple[Any, Any]]
_PARTS = {part.name: part for part in PARTS}


@define
class Reader:
    """Reads a part before and after every test: the same dictionary, while nothing changes."""

    part: Part
    seen: dict[str, Any] = Factory(dict)
    state: State = Factory(dict)

    def now(self) -> State:
        """The part, with its name before each of its names."""
        values = self.part.read()
        if values != self.seen:
            self.seen = values
            self.state = {(self.part.name, name): value for name, value in values.items()}
        return self.state


_READERS = [Reader(part) for part in PARTS]


def state_now() -> State:
    """Every part of the state, as one dictionary."""
    state: State = {}
    for reader in _READERS:
        state |= reader.now()
    return state


def changes(before: State, after: State) -> Changes:
    """What is not as it was: the value before, the value after."""
    if before == after:
        return {}
    pairs = {key: (before.get(key, ABSENT), after.get(key, ABSENT)) for key in before | after}
    return {
        key: (old, new)
        for key, (old, new) in pairs.items()
        if old is not new and old != new and not _PARTS[key[0]].allowed(old, new)
    }


def left_behind(before: State, only: Container[tuple[str, str]] | None = None) -> Changes:
    """What is not as before; threads have some time to end."""
    deadline = time.monotonic() + PATIENCE
    while True:
        now = state_now()
        after = now if only is None else {key: now[key] for key in now if key in only}
        found = changes(before, after)
        if any(part != "thread" for part, _ in found) or time.monotonic() > deadline or not found:
            return found
        time.sleep(0.01)


def told(found: Changes) -> str:
    """What a test left behind, what was expected, and what to do."""
    lines = [
        f"  {' '.join(filter(None, key))}: was {_short(old)}, is {_short(new)}"
        for key, (old, new) in found.items()
    ]
    return "\n".join(
        [
            "this test changed its own process and did not put it back:", *lines,
            "every other test of this process would have run with that;",
            "use monkeypatch or another fixture that restores, or do it in a subprocess",
        ]
    )  # fmt: skip


def _short(value: Any) -> str:
    text = value if value == ABSENT else repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def streams() -> State:
    """What ``print`` and ``input`` use."""
    return {("stream", f"sys.{name}"): getattr(sys, name) for name in STREAMS}


def descriptors() -> State:
    """The files behind the numbers 0, 1 and 2."""
    return {("descriptor", str(number)): _file_behind(number) for number in range(3)}


def _file_behind(number: int) -> Any:
    try:
        found = os.fstat(number)
    except OSError:
        return ABSENT
    return found.st_dev, found.st_ino


class Guard:
    """Compares the process with what it should be, test by test."""

    def __init__(self) -> None:
        self.expected: State = {}
        self.of_fixtures: dict[Any, State] = {}
        self.found: Changes = {}
        self.streams: State = {}
        self.streams_of_call: State = {}
        self.thread_stays = False

    # --- what is expected ---

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Nothing has run yet."""
        self.expected = state_now()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """A fixture that lives longer than a test may change what it puts back at its end."""
        if fixturedef.scope == "function":
            return (yield)
        before, known = state_now(), set(self.of_fixtures)
        result = yield
        changed = changes(before, state_now())
        asked_for = [state for other, state in self.of_fixtures.items() if other not in known]
        self.of_fixtures[fixturedef] = {
            key: old
            for key, (old, _) in changed.items()
            if key[0] != "random state"  # numbers that a fixture drew do not come back
            and not any(key in state for state in asked_for)  # what those put back may live longer
        }
        self._expect({key: new for key, (_, new) in changed.items()})
        return result

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        """Its end has come: what it changed should be as before it."""
        before = self.of_fixtures.pop(fixturedef, {})
        if before:
            found = left_behind(before, only=before)
            self._put_back(found)
            self._expect(before)
            self.found |= found

    def _expect(self, values: State) -> None:
        self.expected |= values
        self.expected = {key: value for key, value in self.expected.items() if value != ABSENT}

    # --- what is found ---

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        """The streams of the test, as pytest captures them."""
        self.streams = self.streams_of_call = streams()
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """A test that swaps what is behind a stream does so for less than its own time."""
        before = descriptors()
        try:
            return (yield)
        finally:
            self.streams_of_call = streams()
            _judge(_differing(before, descriptors()))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Fixtures restore; then all is as expected, or is put back and the test fails."""
        _set_streams(self.streams_of_call)
        try:
            return (yield)
        finally:
            found = _differing(self.streams, streams())
            _set_streams(self.streams)
            found |= left_behind(self.expected)
            self._put_back(found)
            self.expected = state_now()
            found |= self.found
            self.found = {}
            _judge(found)

    def _put_back(self, found: Changes) -> None:
        for (part, name), (old, new) in found.items():
            if part == "thread":
                self.thread_stays |= not new.daemon
            elif part in _PARTS:
                _PARTS[part].put_back(name, old)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """A thread that is no daemon would keep the process alive for ever after its summary."""
        if self.thread_stays:
            for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
                stream.flush()
            os._exit(1)


def _judge(found: Changes) -> None:
    if found:
        pytest.fail(told(found), pytrace=False)


def _differing(before: State, after: State) -> Changes:
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


def _set_streams(values: State) -> None:
    for (_, name), stream in values.items():
        setattr(sys, name.removeprefix("sys."), stream)


def pytest_configure(config: pytest.Config) -> None:
    """One guard for each process."""
    config.pluginmanager.register(Guard(), "guard")
