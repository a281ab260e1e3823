"""The live pages on this machine: a small server on the loopback interface, one socket per tab.

Only the browser that opened the printed address may talk to it. The address holds a token that
works once and is then traded for a cookie; the names of host and origin are checked, so that no
other page in the browser can reach in; and the pages load nothing from elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define, field

from neuroflow.errors import BackendError, InputError
from neuroflow.live.assets import CONTENT_TYPES, POLICY, page_html, pages_html, static_file
from neuroflow.live.conversation import MOST_WAITING, converse, read_messages, send
from neuroflow.live.messages import error_frame
from neuroflow.live.setup import PAGES
from neuroflow.live.tab import Tab
from neuroflow.view.markup import escaped

LARGEST_MESSAGE = 64 * 1024
MOST_TABS = 12
HOST = "127.0.0.1"
NOT_ALLOWED = 4403
BUSY = 4429

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect

    from neuroflow.live.connections import server_of
except ImportError as error:  # pragma: no cover - the extra is there when this is tested
    raise BackendError(
        f"live pages need a web server, and {error.name} is not installed",
        remedy="install it with: pip install 'neuroflow[web]'",
    ) from error

TabMaker = Callable[[str], Any]
"""What gives a tab, or something with the same methods, for the name of a page."""


@define(eq=False)
class LiveServer:
    """The pages of one process. ``make`` gives a new tab for the name of a page."""

    make: TabMaker = Tab
    first: str = "index"
    port: int = 0
    token: str | None = field(factory=lambda: secrets.token_urlsafe(24))
    _secret: str = field(factory=lambda: secrets.token_urlsafe(24))
    _tabs: int = 0

    @property
    def address(self) -> str:
        """Where the browser should go; works once."""
        return f"http://{HOST}:{self.port}/{self.first}.html?token={self.token}"

    def app(self) -> Starlette:
        """The web application."""
        return Starlette(
            routes=[
                WebSocketRoute("/tab", self._socket),
                Route("/", self._root),
                Route("/{name}", self._file),
            ],
            exception_handlers={404: _refused, 405: _refused},
        )

    # Who may come in --------------------------------------------------------------------------

    def _hosts(self) -> tuple[str, ...]:
        names = HOST, "localhost"
        return (*(f"{name}:{self.port}" for name in names), *(names if self.port == 80 else ()))

    @property
    def _cookie(self) -> str:
        return f"neuroflow_{self.port}"

    def _knows(self, cookies: dict[str, str]) -> bool:
        return secrets.compare_digest(cookies.get(self._cookie, "").encode(), self._secret.encode())

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("host") not in self._hosts():
            return _told("this server answers to its own address only", 421)
        if self._knows(request.cookies):
            return None
        return _told(
            "this page belongs to the browser that opened the address in the terminal first;"
            " start neuroflow demo again for a new address",
            403,
        )

    def _trade(self, request: Request) -> Response | None:
        """The one-time token for a cookie, and the same address without the token."""
        given = request.query_params.get("token")
        if given is None or request.headers.get("host") not in self._hosts():
            return None
        known = self._knows(request.cookies)
        if not known and (
            self.token is None or not secrets.compare_digest(given.encode(), self.token.encode())
        ):
            return None
        self.token = None if not known else self.token
        response = _sent_on(request)
        response.set_cookie(self._cookie, self._secret, httponly=True, samesite="strict")
        return response

    # Pages -----------------------------------------------------------------------------------

    async def _root(self, request: Request) -> Response:
        return self._trade(request) or RedirectResponse("/index.html", 303, headers=_headers())

    async def _file(self, request: Request) -> Response:
        answer = self._trade(request) or self._refusal(request)
        if answer is not None:
            return answer
        name = request.path_params["name"]
        if name == "favicon.ico":  # browsers ask for it where a page names none
            name = "icon.svg"
        stem, _, ending = name.rpartition(".")
        if ending == "html" and stem in (*PAGES, self.first) and stem != "index":
            content: bytes | None = page_html(stem, "socket").encode()
        elif name == "index.html":
            content = pages_html("socket").encode()
        else:
            content = static_file(name)
        if content is None:
            return _told(f"there is no page {name!r}", 404)
        return Response(content, media_type=CONTENT_TYPES[Path(name).suffix], headers=_headers())

    # Tabs ------------------------------------------------------------------------------------

    async def _socket(self, socket: WebSocket) -> None:
        origins = [f"http://{host}" for host in self._hosts()]
        await socket.accept()
        if (
            socket.headers.get("host") not in self._hosts()
            or socket.headers.get("origin") not in origins
            or not self._knows(socket.cookies)
        ):
            await socket.close(NOT_ALLOWED, "open the address that neuroflow demo printed")
            return
        if self._tabs >= MOST_TABS:
            await socket.close(BUSY, f"{MOST_TABS} pages are open; close one of them")
            return
        self._tabs += 1
        try:
            await self._serve(socket)
        finally:
            self._tabs -= 1

    async def _serve(self, socket: WebSocket) -> None:
        page = socket.query_params.get("page", "")
        try:
            tab = await asyncio.to_thread(self.make, page)
        except InputError as error:
            await send(socket, [error_frame(error, "open")])
            await socket.close(1008)
            return
        waiting: asyncio.Queue[Any] = asyncio.Queue(MOST_WAITING)
        reader = asyncio.create_task(read_messages(socket, waiting))
        try:
            await converse(socket, tab, waiting, reader)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the tab was closed while a frame was on its way
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader


def _told(text: str, status: int) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers=_headers())


async def _refused(request: Request, error: Any) -> Response:
    """An address or a way of asking that there is none of, told with the headers of all answers."""
    return _told(error.detail, error.status_code)


def _sent_on(request: Request) -> Response:
    """The same address without the token.

    A browser that comes from a file or another page takes no strict cookie along where it is
    redirected: it gets a page that sends it on, and then comes from here.
    """
    if request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return RedirectResponse(request.url.path, 303, headers=_headers())
    path = escaped(request.url.path)
    page = f'<!doctype html><meta http-equiv="refresh" content="0; url={path}"><title>.</title>'
    return Response(page, media_type="text/html; charset=utf-8", headers=_headers())


def _headers() -> dict[str, str]:
    return {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def listening(port: int = 0) -> socket.socket:
    """A socket on the loopback interface; raises :class:`InputError` if the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(64)  # from now on nobody is turned away who got the address
    except OSError as error:
        listener.close()
        raise InputError(
            f"port {port} of {HOST} cannot be used: {error.strerror}",
            remedy="choose another --port, or leave it out",
            got=port,
        ) from error
    return listener


def serve(server: LiveServer, listener: socket.socket) -> None:
    """Answer until interrupted."""
    web_server(server).run(sockets=[listener])


def web_server(server: LiveServer) -> uvicorn.Server:
    """What runs the application; it ends soon after its ``should_exit`` is set."""
    return server_of(server.app(), LARGEST_MESSAGE)
