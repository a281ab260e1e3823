"""What goes over the socket of one tab: messages to it, frames from it, and training in between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from neuroflow.errors import raised
from neuroflow.live.frames import Frame
from neuroflow.view.markup import shown_json

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

MOST_WAITING = 400
"""So many messages may wait; a page that sends more is told so."""

DEEPEST = 16
"""No message has so many objects and lists within each other."""


async def read_messages(socket: WebSocket, waiting: asyncio.Queue[Any]) -> None:
    """Put messages in the queue; a full queue drops them, and says so."""
    from starlette.websockets import WebSocketDisconnect

    dropped = False
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            received = await socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            try:
                waiting.put_nowait(_parsed(received.get("text")))
                dropped = False
            except asyncio.QueueFull:
                if not dropped:
                    told = "too many messages at once; some were dropped: wait a moment"
                    await send(socket, [{"type": "error", "message": told, "do": ""}])
                dropped = True


def _parsed(text: str | None) -> Any:
    """What a message says; None, which is refused, for bytes, for no JSON, and for deep nesting."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    level = [message]
    for _ in range(DEEPEST):
        level = [x for part in level for x in _inside(part)]
    return None if level else message


def _inside(part: Any) -> Iterable[Any]:
    return part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


async def converse(
    socket: WebSocket, tab: Any, waiting: asyncio.Queue[Any], reader: asyncio.Task[None]
) -> None:
    """Messages between steps, never during one: the tab is used by one thread at a time."""
    pause = 0.0
    while not reader.done():
        asked = await _next_messages(waiting, reader, None if not tab.playing else pause)
        frames = await asyncio.to_thread(_guarded, tab, partial(tab.handle, asked))
        await send(socket, frames)
        pause = 0.0
        if tab.playing and not reader.done():
            frames, pause = await asyncio.to_thread(_ticked, tab)
            await send(socket, frames)


async def _next_messages(
    waiting: asyncio.Queue[Any], reader: asyncio.Task[None], seconds: float | None
) -> list[Any]:
    """All messages that wait; if there are none, wait for one, but no longer than told."""
    if waiting.empty() and seconds != 0.0:
        getter = asyncio.ensure_future(waiting.get())
        done, _ = await asyncio.wait(
            {getter, reader}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if getter not in done:
            getter.cancel()
            return []
        first = [getter.result()]
    else:
        first = []
    while not waiting.empty():
        first.append(waiting.get_nowait())
    return first


def _guarded(tab: Any, act: Callable[[], list[Frame]]) -> list[Frame]:
    """Even a bug ends in a message on the page, and in full on the terminal."""
    try:
        return act()
    except Exception as error:
        tab.playing = False
        traceback.print_exc(file=sys.stderr)
        told = f"neuroflow has a bug here: {raised(error)}; see the terminal"
        return [{"type": "error", "message": told, "do": ""}]


def _ticked(tab: Any) -> tuple[list[Frame], float]:
    pause = 0.0

    def act() -> list[Frame]:
        nonlocal pause
        frames: list[Frame]
        frames, pause = tab.tick()
        return frames

    return _guarded(tab, act), pause


async def send(socket: WebSocket, frames: list[Frame]) -> None:
    for frame in frames:
        await socket.send_text(shown_json(frame))
