"""The server lets in the browser that was invited, answers nonsense, and outlives everything."""

import http.client
import json
import threading
import time
import tomllib
from urllib.parse import urlsplit

import pytest

import neuroflow as nf
from neuroflow.live.tab import Tab

client = pytest.importorskip("websockets.sync.client", reason="the extra web is not installed")
from websockets.exceptions import ConnectionClosed  # noqa: E402

from neuroflow.live.looking import toml_of  # noqa: E402


class Visitor:
    """Someone who talks to the server: with or without its cookie, under any name."""

    def __init__(self, address):
        self.parts = urlsplit(address)
        self.host, self.cookie = self.parts.netloc, ""

    def get(self, path, how="GET", **headers):
        connection = http.client.HTTPConnection(self.parts.netloc, timeout=20)
        told = {"Host": self.host, "Cookie": self.cookie, **headers}
        connection.request(how, path, headers=told)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer, body

    def enter(self):
        answer, _ = self.get(f"/function.html?{self.parts.query}")
        assert answer.status == 303
        self.cookie = answer.getheader("Set-Cookie").split(";")[0]
        return self

    def socket(self, page="function", origin=None):
        return client.connect(
            f"ws://{self.parts.netloc}/tab?page={page}",
            origin=origin or f"http://{self.parts.netloc}",
            additional_headers={"Cookie": self.cookie},
            max_size=None,
        )


@pytest.fixture(scope="module")
def address(server):
    return server


@pytest.fixture(scope="module")
def guest(address):
    return Visitor(address).enter()


def ask(socket, **message):
    """Send a message; gives the frames up to the first of the wanted type."""
    socket.send(json.dumps(message))


def until(socket, kind, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        frame = json.loads(socket.recv(timeout=seconds))
        if frame["type"] == kind:
            return frame
    raise AssertionError(f"no frame of the type {kind}")


def test_the_token_works_once(address, guest):
    stranger = Visitor(address)
    answer, body = stranger.get(f"/function.html?{stranger.parts.query}")
    assert answer.status == 403
    assert "start neuroflow demo again" in body
    assert guest.get("/function.html")[0].status == 200
    assert guest.get(f"/function.html?{stranger.parts.query}")[0].status == 303


def test_pages_load_nothing_from_elsewhere(guest):
    for name in ("index.html", "function.html", "classification.html", "live.js", "live.css"):
        answer, body = guest.get(f"/{name}")
        assert answer.status == 200
        assert "default-src 'none'" in answer.getheader("Content-Security-Policy")
        assert "https://" not in body
        assert "{{" not in body
    assert guest.get("/nothing.html")[0].status == 404
    assert guest.get("/..%2fserver.py")[0].status == 404
    assert guest.get("/page.html")[0].status == 404


@pytest.mark.parametrize(("how", "path", "status"), [("GET", "/a/b", 404), ("POST", "/", 405)])
def test_what_is_refused_has_the_headers_of_all_answers(guest, how, path, status):
    answer, _ = guest.get(path, how)
    assert answer.status == status
    assert "default-src 'none'" in answer.getheader("Content-Security-Policy")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "evil.example:80"])
def test_other_hosts_are_turned_away(guest, host):
    assert guest.get("/function.html", Host=host)[0].status == 421


def test_sockets_need_the_cookie_and_the_right_origin(address, guest):
    for visitor, origin in [(Visitor(address), None), (guest, "http://evil.example"),
                            (guest, "null")]:  # fmt: skip
        with visitor.socket(origin=origin) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
        assert closed.value.rcvd.code == 4403
        assert "open the address" in closed.value.rcvd.reason


def test_a_run_over_the_socket_is_an_eager_run(guest):
    setup = {"hidden": [3], "points": 12, "epochs": 3, "batch": 4}
    with guest.socket() as socket:
        ask(socket, do="open", setup=setup)
        until(socket, "state")
        ask(socket, do="play")
        while not (state := until(socket, "state"))["over"]:
            pass
    tab = Tab("function")
    tab.handle([{"do": "open", "setup": setup}])
    run = nf.train(tomllib.loads(toml_of(tab.training, tab.page))).run()
    assert state["numbers"] == [p.data for p in run.model.parameters()]


def test_hostile_messages_get_a_message(guest):
    bad = [
        "", "null", "[]", "{", "[" * 10_000, '{"do": "__import__(\'os\')"}', '{"do": "step"',
        '{"do": "step", "count": 1e999}', '{"do": "speed", "value": NaN}',
        '{"do": "configure", "setup": {"f": "__import__(\'os\').system(\'true\')"}}',
        '{"do": "configure", "setup": {"f": "9**9**9"}}',
        '{"do": "configure", "setup": {"f": "' + "-" * 450 + 'x"}}',
        '{"do": "edit", "name": "__init__", "value": 1}', '{"do": "handle", "asked": []}',
    ]  # fmt: skip
    with guest.socket() as socket:
        for text in bad:
            socket.send(text)
            told = until(socket, "error")["message"]
            assert told
            assert "bug" not in told, (text, told)
        ask(socket, do="step")
        assert until(socket, "state")["step"] == 1


def test_too_large_a_message_closes_its_own_tab_only(guest):
    with guest.socket() as socket, guest.socket() as other:
        socket.send("x" * 200_000)
        with pytest.raises(ConnectionClosed) as closed:
            until(socket, "never")
        assert closed.value.rcvd.code == 1009 or closed.value.sent.code == 1009
        ask(other, do="step")
        assert until(other, "state")["step"] == 1


def test_an_unknown_page_gets_a_message(guest):
    with guest.socket(page="functoin") as socket:
        assert "did you mean 'function'?" in until(socket, "error")["message"]


def test_a_flood_neither_stops_training_nor_the_other_tab(guest):
    with guest.socket("classification") as socket, guest.socket() as other:
        ask(socket, do="play")
        stop = threading.Event()

        def flood():
            for k in range(600):
                if stop.is_set():
                    return
                ask(socket, do="explain", what="point", row=k % 100)
                time.sleep(1 / 300)

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        try:
            first = until(socket, "state")["step"]
            while until(socket, "state")["step"] < first + 5:
                pass
            ask(other, do="step")
            assert until(other, "state")["step"] == 1
        finally:
            stop.set()
            thread.join()
        ask(socket, do="pause")
        while until(socket, "state")["playing"]:
            pass


def test_200_steps_at_once_are_one_step_of_200(guest):
    with guest.socket() as socket:
        ask(socket, do="configure", setup={"hidden": [2], "points": 8, "batch": 8})
        for _ in range(50):
            ask(socket, do="step")
        while until(socket, "state")["step"] < 50:
            pass


def test_a_closed_tab_stops_its_training(guest):
    for _ in range(20):  # more than may be open at once
        with guest.socket("classification") as socket:
            ask(socket, do="play")
            until(socket, "state")
    with guest.socket("classification") as socket:
        ask(socket, do="step")
        assert until(socket, "state")["step"] == 1


def test_a_taken_port_is_a_clear_error(address):
    from neuroflow.live.server import listening

    port = urlsplit(address).port
    with pytest.raises(nf.InputError, match=f"port {port} of 127.0.0.1 cannot be used"):
        listening(port)


def test_a_browser_that_asks_for_an_icon_by_its_old_name_gets_one(guest):
    assert guest.get("/favicon.ico")[0].status == 200
