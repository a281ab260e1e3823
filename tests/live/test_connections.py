"""Many connections, and those that say nothing, keep nobody from the page; tokens stay private."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn", reason="the extra web is not installed")
from neuroflow.live import connections
from neuroflow.live.opening import opened
from tests.live.test_server import Visitor, ask, until


def test_four_hundred_connections_do_not_keep_the_page_from_its_reader(tmp_path):
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))\n"
        "from neuroflow.cli import main; main(['demo', '--no-open', '--json'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        printed = "".join(line for line in iter(process.stdout.readline, "}\n"))
        guest = Visitor(re.search(r'http://[^"]+', printed)[0]).enter()
        host = urlsplit(f"http://{guest.host}")
        many = []
        try:
            for k in range(400):
                many.append(socket.create_connection((host.hostname, host.port), timeout=10))
                if k % 2:
                    many[-1].send(b"GET / HTTP/1.1\r\nHost: ")
            assert guest.get("/function.html")[0].status == 200
            with guest.socket() as page:
                ask(page, do="open", setup={"hidden": [2], "points": 10})
                assert until(page, "state")["step"] == 0
        finally:
            for each in many:
                each.close()
            process.terminate()
            errors = process.stderr.read()
    assert errors.split() == ["Error:", "stopped"]


def test_a_connection_that_asks_nothing_is_closed(monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE", 0.05)
    closed = []

    async def serve():
        server = connections.server_of(answer, 1000)
        listener = socket.create_server(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        for said in (b"", b"GET / HTTP/1.1\r\nHo"):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(said)
            closed.append(await asyncio.wait_for(reader.read(), 10))
            writer.close()
        server.should_exit = True
        await task

    async def answer(scope, receive, send):
        raise AssertionError("nothing was asked")

    alone = Thread(target=lambda: asyncio.run(serve()))  # this one may have a loop: Playwright's
    alone.start()
    alone.join()
    assert closed == [b"", b""]


def test_a_frame_of_bytes_or_of_deep_json_is_a_refused_message(server):
    with Visitor(server).enter().socket() as page:
        deep = '{"do": "configure", "setup": ' + '{"a": ' * 40 + "1" + "}" * 41
        for said in (b"\xff\x00", b'{"do": "play"}', deep, '{"do": "play"', "[" * 900 + "]" * 900):
            page.send(said)
            told = until(page, "error")["message"]
            assert told.startswith("a message is NoneType; expected an object such as")


def test_no_page_can_be_framed_or_read_by_another_origin(server):
    stranger = Visitor(server)
    for answer, _ in (stranger.get("/function.html"), stranger.get("/", Host="evil.example")):
        assert "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy")
        assert answer.getheader("X-Frame-Options") == "DENY"
        assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
        assert answer.getheader("Access-Control-Allow-Origin") is None


def test_the_browser_is_given_a_private_file_and_no_token(monkeypatch):
    given = []
    monkeypatch.setattr("webbrowser.open", given.append)
    address = "http://127.0.0.1:1/index.html?token=secret&<"
    with opened(address):
        (url,) = given
        assert "secret" not in url
        path = urlsplit(url).path
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        assert 'url=http://127.0.0.1:1/index.html?token=secret&amp;&lt;"' in Path(path).read_text()
    assert not os.path.exists(os.path.dirname(path))


def test_the_file_leads_a_browser_to_the_page(demo_server, tab, monkeypatch):
    given = []
    monkeypatch.setattr("webbrowser.open", given.append)
    with demo_server("function") as address, opened(address):
        tab.open(given[0])
        assert tab.page.url.partition("#")[0] == address.partition("?")[0]


def test_an_open_page_draws_nothing_from_the_callers_random_generator():
    """websockets would ping after twenty seconds, with numbers of the module random."""
    assert connections.server_of(None, 1).config.ws_ping_interval is None
