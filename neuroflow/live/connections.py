"""Connections to the server of the live pages: so many, and none that says nothing for long.

Whoever can reach the port can open connections, and needs no token for that. A connection that
asks nothing for :data:`PATIENCE` is closed; where there are more than :data:`MOST`, the one that
has waited longest goes. So the page is answered however many there are, and files can be opened.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0
"""Seconds that a connection may take to ask for something."""
MOST = 64
AT_ONCE = 16
"""So many connections are taken in one go; those that are one too many close before the next."""
IN_QUEUE = 512
"""And so many may wait for that; the system makes others try again a second later."""


class Connection(H11Protocol):
    """One connection; when it becomes a socket of a page, it is no longer watched here."""

    waits_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for what is asked; close one if this is one too many."""
        super().connection_made(transport)
        self.waits_since = self.loop.time()
        self.loop.call_later(PATIENCE, self._look_at_the_clock)
        there = [c for c in self.connections if not c.transport.is_closing()]
        if len(there) > MOST:
            waiting = [c for c in there if isinstance(c, Connection) and c.is_waiting]
            min(waiting, key=lambda c: c.waits_since).transport.abort()

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def on_response_complete(self) -> None:
        """Begin to wait again."""
        self.waits_since = self.loop.time()
        super().on_response_complete()

    def _look_at_the_clock(self) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        left = self.waits_since + PATIENCE - self.loop.time()
        if left <= 0 and self.is_waiting:
            self.transport.abort()
        else:
            self.loop.call_later(max(left, 1.0), self._look_at_the_clock)


class Server(uvicorn.Server):
    """A server that says nothing of connections that fail: their other end knows."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; the system keeps those in a queue that are not taken yet."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(IN_QUEUE)

    async def serve(self, *arguments: Any, **options: Any) -> None:
        """Answer until ``should_exit`` is set."""
        asyncio.get_running_loop().set_exception_handler(_tell)
        await super().serve(*arguments, **options)


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    lost = isinstance(error, ConnectionError)
    full = isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)
    if not lost and not full:
        loop.default_exception_handler(context)


def server_of(app: Any, largest_message: int) -> uvicorn.Server:
    """What runs the application; it ends soon after its ``should_exit`` is set.

    Open pages are not pinged: a ping's payload would come from the random generator that the
    caller's own training may use, and a tab that is closed here closes its connection.
    """
    config = uvicorn.Config(
        app, log_level="error", lifespan="off", loop="asyncio", http=Connection, backlog=AT_ONCE,
        ws_max_size=largest_message, ws_ping_interval=None, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return Server(config)
