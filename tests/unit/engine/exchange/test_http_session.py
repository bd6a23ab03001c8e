from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotConnected, OutcomeUnknown
from engine.exchange.http_session import HttpSession, _read_reply
from tests.helpers.toy_http import Reply, ToyHttpServer, toy_http_server
from tests.helpers.waiting import wait_until


@pytest.fixture
def server() -> Iterator[ToyHttpServer]:
    with toy_http_server(lambda _request: Reply({"ok": True})) as toy:
        yield toy


@pytest.fixture
def session(server: ToyHttpServer) -> Iterator[HttpSession]:
    made = HttpSession(server.url, {"User-Agent": "test"}, connect_timeout_s=30.0)
    yield made
    made.close()


def test_requests_reuse_one_connection(server: ToyHttpServer, session: HttpSession) -> None:
    for _ in range(5):
        assert session.send("GET", "/a?b=1", 30.0).body == b'{"ok": true}'
    assert server.connections == 1
    assert server.requests[0].headers["user-agent"] == "test"
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_a_write_says_that_it_has_no_body(server: ToyHttpServer, session: HttpSession) -> None:
    session.send("POST", "/order?a=1", 30.0)
    session.send("GET", "/order", 30.0)
    assert server.requests[0].headers["content-length"] == "0"
    assert "content-length" not in server.requests[1].headers


def test_parallel_requests_have_a_connection_each(
    server: ToyHttpServer, session: HttpSession
) -> None:
    gate = threading.Barrier(3, timeout=30)

    def wait_for_all(_request: object) -> Reply:
        gate.wait()
        return Reply()

    server.script = wait_for_all
    replies: list[int] = []
    threads = [
        threading.Thread(target=lambda: replies.append(session.send("GET", "/", 30.0).status))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (replies, server.connections) == ([200, 200, 200], 3)


def test_an_idle_connection_that_the_venue_closed_is_replaced_unseen(
    server: ToyHttpServer, session: HttpSession
) -> None:
    session.send("GET", "/", 30.0)
    server.cut_connections()
    wait_until(lambda: _has_ended(session))
    assert session.send("POST", "/order", 30.0).status == 200
    assert len(server.of("/order")) == 1
    assert server.connections == 2


def _has_ended(session: HttpSession) -> bool:
    return not session._idle[0].is_fresh(time.monotonic())


def test_nothing_listens_means_not_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    session = HttpSession(f"http://127.0.0.1:{port}", {}, 30.0)
    with pytest.raises(NotConnected, match="Connection refused"):
        session.send("POST", "/order", 1.0)
    session.close()


@pytest.mark.parametrize("behaviour", ["reset", "cut", "close_early"])
def test_a_connection_lost_after_sending_is_unknown_and_not_repeated(
    server: ToyHttpServer, session: HttpSession, behaviour: str
) -> None:
    session.send("GET", "/warm", 30.0)
    server.script = lambda _request: (
        Reply(raw=b"", behaviour="close_after")
        if behaviour == "close_early"
        else Reply(behaviour=behaviour)
    )
    with pytest.raises(OutcomeUnknown):
        session.send("POST", "/order", 30.0)
    assert len(server.of("/order")) == 1


def test_silence_ends_at_the_deadline(server: ToyHttpServer, session: HttpSession) -> None:
    server.script = lambda _request: Reply(behaviour="silent")
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        session.send("POST", "/order", 0.3)


def test_a_dripping_answer_ends_at_the_deadline(
    server: ToyHttpServer, session: HttpSession
) -> None:
    server.script = lambda _request: Reply(b"x" * 10_000, behaviour="drip")  # takes minutes
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        session.send("POST", "/order", 0.4)
    assert time.monotonic() - started < 60


def test_after_a_timeout_the_late_answer_is_not_taken_for_the_next_one(
    server: ToyHttpServer, session: HttpSession
) -> None:
    server.script = lambda request: (
        Reply({"late": 1}, behaviour="drip") if request.path == "/slow" else Reply({"right": 1})
    )
    with pytest.raises(OutcomeUnknown):
        session.send("GET", "/slow", 0.2)
    assert session.send("GET", "/next", 30.0).body == b'{"right": 1}'


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n"
         b"Trailer: 1\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)  # fmt: skip
def test_every_framing_of_a_body_is_read_and_the_connection_kept(
    server: ToyHttpServer, session: HttpSession, raw: bytes, body: bytes
) -> None:
    server.script = lambda _request: Reply(raw=raw)
    assert session.send("GET", "/", 30.0).body == body
    assert session.send("GET", "/", 30.0).body == body
    assert server.connections == 1


def test_a_body_without_length_ends_with_the_connection(
    server: ToyHttpServer, session: HttpSession
) -> None:
    server.script = lambda _request: Reply(
        raw=b"HTTP/1.0 200 OK\r\n\r\nold server", behaviour="close_after"
    )
    assert session.send("GET", "/", 30.0).body == b"old server"


def test_connection_close_is_obeyed(server: ToyHttpServer, session: HttpSession) -> None:
    server.script = lambda _request: Reply(headers={"Connection": "close"})
    session.send("GET", "/", 30.0)
    session.send("GET", "/", 30.0)
    assert server.connections == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"SMTP ready\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_an_answer_that_is_no_http_is_unknown(
    server: ToyHttpServer, session: HttpSession, raw: bytes
) -> None:
    server.script = lambda _request: Reply(raw=raw, behaviour="close_after")
    with pytest.raises(OutcomeUnknown):
        session.send("POST", "/", 30.0)


def test_close_ends_a_request_in_flight(server: ToyHttpServer, session: HttpSession) -> None:
    server.script = lambda _request: Reply(behaviour="silent")
    ended = threading.Event()

    def send() -> None:
        with pytest.raises(OutcomeUnknown):
            session.send("POST", "/order", 300.0)
        ended.set()

    thread = threading.Thread(target=send)
    thread.start()
    wait_until(lambda: server.requests)
    session.close()
    assert ended.wait(30.0)
    thread.join(30)


def test_a_closed_session_sends_nothing(server: ToyHttpServer, session: HttpSession) -> None:
    session.close()
    with pytest.raises(NotConnected):
        session.send("POST", "/order", 1.0)
    assert server.requests == []


_heads = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"",
    ]
)


@settings(max_examples=150, deadline=None)
@given(head=_heads, rest=st.binary(max_size=200))
def test_any_answer_is_a_reply_or_an_error_that_is_caught(head: bytes, rest: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.sendall(head + rest)
        theirs.close()
        with contextlib.suppress(OSError, EOFError, ValueError):
            reply, _ = _read_reply(ours, time.monotonic() + 1.0)
            assert reply.status >= 200
