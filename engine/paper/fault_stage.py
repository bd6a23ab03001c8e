"""Plays the faults: on requests and their replies, on connections and on the venue.

Runs on the server's event loop, between its sockets and the venue; what is
played to whom is FaultBook's decision alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

import msgspec

from engine.clock import Clock
from engine.errors import VenueError
from engine.paper.control_paths import CONTROL_PATHS
from engine.paper.fault_control import FaultControl
from engine.paper.fault_events import EventTamper
from engine.paper.fault_kinds import Trigger
from engine.paper.fault_lines import Drip, Line
from engine.paper.fault_replies import error_reply, is_error, raw_http, socket_error, spoil
from engine.paper.fault_script import Target
from engine.paper.fault_venue import VenueFaults
from engine.paper.faults import FaultBook, Play
from engine.paper.paper_auth import Params, parse_parameters
from engine.paper.paper_order_socket import OrderSocketSession
from engine.paper.paper_outbox import reset
from engine.paper.paper_streams import StreamConnection, text_frame
from engine.paper.paper_venue import Incoming, PaperVenue, Reply

logger = logging.getLogger(__name__)

T = TypeVar("T")

CRASH_EXIT_CODE = 70
_CRASH_AFTER_S = 0.05  # so that whoever asked for it gets an answer


class FaultStage:
    """Owned by the server. `book.watches_requests` tells it when to ask here."""

    def __init__(self, book: FaultBook, venue: PaperVenue, clock: Clock) -> None:
        self.book = book
        self._venue = venue
        self._effects = VenueFaults(book, venue)
        self._lines: dict[Line, None] = {}
        self._tamper = EventTamper(book, venue.hub, clock, self._do, self._trickle)
        self._closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        venue.control = FaultControl(book, venue, clock, self.step).answer

    # connections

    def open_line(self, line: Line) -> None:
        self._lines[line] = None

    def close_line(self, line: Line) -> None:
        self._lines.pop(line, None)

    @property
    def lines(self) -> list[Line]:
        return list(self._lines)

    def close(self) -> None:
        """Let go of requests that are kept waiting for ever."""
        self._closing.set()
        for task in self._tasks:
            task.cancel()

    # time

    def step(self) -> None:
        """Play what is due; call about every 50 ms and after the rules have changed."""
        for play in self.book.due():
            self._do(play)
        self._tamper.flush()
        hub = self._venue.hub
        wanted = self.book.watches_events or self._tamper.holds
        hub.tamper = self._tamper.on_publication if wanted else None
        hub.swallows = self._swallows if self.book.watches_subscriptions else None
        self._venue.skew_ms = self.book.skew_ms()

    def _do(self, play: Play) -> None:
        """What can be played at any time."""
        if play.fault == "crash":
            asyncio.get_running_loop().call_later(_CRASH_AFTER_S, _crash)
        elif play.fault == "line_cut":
            self._each_line("all", lambda line: line.hang_up("reset"))
        elif play.fault == "disconnect":
            self._each_line(play["route"], lambda line: line.hang_up(play["how"]))
        elif play.fault == "day_over":
            self._each_line(play["route"], lambda line: line.hang_up("day"))
        elif play.fault == "half_open":
            self._each_line(play["route"], Line.fall_silent)
        else:
            self._effects.do(play)

    def _each_line(self, route: str, deed: Callable[[Line], None]) -> None:
        for line in self.lines:
            if route in ("all", line.route):
                deed(line)

    def _trickle(self, connection: StreamConnection, bytes_per_s: int) -> None:
        for line in self.lines:
            if line.connection is connection:
                line.trickle(bytes_per_s)

    def _swallows(self, connection: StreamConnection, name: str) -> bool:
        is_private = connection.route == "private"
        target = Target(
            route=connection.route or "public",
            stream="" if is_private else name,
            account=self._effects.account_of_listen_key(name) if is_private else "",
        )
        return bool(self.book.on(Trigger.SUBSCRIPTION, target))

    # requests by REST

    async def answer(self, incoming: Incoming, transport: asyncio.Transport) -> Reply | None:
        """The reply to send; None when the connection has already had all it gets."""
        if incoming.path.startswith(CONTROL_PATHS):
            return self._venue.answer(incoming)
        incoming = msgspec.structs.replace(incoming, arrived_ms=self._venue.now_ms())
        target, params = self._describe(incoming)
        plays = self.book.on(Trigger.REQUEST, target)

        def act() -> Reply:
            return self._carry_out(
                plays, target, params, lambda: self._venue.answer(incoming), _body
            )

        play = next((play for play in plays if play.rule.kind.replaces), None)
        if play is None:
            return act()
        if play.fault == "reply_late":
            return await self._late_reply(play, act)
        reply = act() if play.does_act else None
        if is_error(play):
            return error_reply(play, incoming.path, self._venue.now_ms())
        return await self._spoilt_reply(play, reply, transport)

    async def _late_reply(self, play: Play, act: Callable[[], Reply]) -> Reply:
        if play["act"] == "late":
            await self._pause(play["ms"])
            return act()
        reply = act()
        await self._pause(play["ms"])
        return reply

    async def _pause(self, pause_ms: int) -> None:
        """Wait, but not beyond the server's end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_ms / 1000):
                await self._closing.wait()

    async def _spoilt_reply(
        self, play: Play, reply: Reply | None, transport: asyncio.Transport
    ) -> Reply | None:
        if play.fault == "connection_silent":
            transport.pause_reading()
            await self._closing.wait()
            transport.abort()
        elif play.fault == "connection_reset":
            if reply is not None:
                raw = raw_http(reply)
                transport.write(raw if play["moment"] == "after" else raw[: len(raw) // 2])
            reset(transport)
        elif reply is None or play.fault == "reply_lost":
            transport.close()
        elif play.fault == "reply_dripped":
            drip = Drip(transport, play["bytes_per_s"])
            drip.send(raw_http(reply))
            await drip.until_empty()
            transport.close()
        elif play["how"] == "truncated":
            raw = raw_http(reply)
            transport.write(raw[: len(raw) - len(reply.body) // 2])
            transport.close()
        else:
            return Reply(reply.status, spoil(reply.body, play), reply.headers)
        return None

    def _describe(self, incoming: Incoming) -> tuple[Target, Params]:
        try:
            params = parse_parameters(incoming.query, incoming.body)
        except VenueError:
            params = {}
        account_id = self._effects.account_of_key(incoming.api_key)
        return _target("rest", incoming.method, incoming.path, account_id, params), params

    # requests by the order WebSocket

    def answer_orders(self, session: OrderSocketSession, text: str, line: Line) -> None:
        """Answer one request on its line, at once, later or never."""
        asked, arrived_ms = session.describe(text), self._venue.now_ms()
        account_id = self._effects.account_of_key(asked.api_key)
        target = _target("orders", asked.method, asked.path, account_id, asked.params)
        plays = self.book.on(Trigger.REQUEST, target)

        def act() -> bytes:
            return self._carry_out(
                plays, target, asked.params, lambda: session.reply(text, arrived_ms), bytes
            )

        play = next((play for play in plays if play.rule.kind.replaces), None)
        if play is None:
            line.send(text_frame(act()))
        elif play.fault == "reply_late":
            self._start(self._late_frame(play, act, line))
        else:
            payload = act() if play.does_act else b""
            if is_error(play):
                error = socket_error(play, asked.request_id, self._venue.now_ms())
                line.send(text_frame(error))
            else:
                _spoil_line(play, payload, line)

    async def _late_frame(self, play: Play, act: Callable[[], bytes], line: Line) -> None:
        payload = b"" if play["act"] == "late" else act()
        await asyncio.sleep(play["ms"] / 1000)
        line.send(text_frame(payload or act()))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # both

    def _carry_out(
        self,
        plays: Iterable[Play],
        target: Target,
        params: Params,
        act: Callable[[], T],
        body_of: Callable[[T], bytes],
    ) -> T:
        """Let the venue act, with the faults that come just before and just after."""
        for play in plays:
            if play.fault == "crash" and play["moment"] == "before":
                _crash()
            elif play.fault == "fill_before_cancel":
                self._effects.fill_before_cancel(play, target, params)
        answer = act()
        for play in plays:
            if play.fault == "crash":
                _crash()
            elif play.fault == "order_hidden":
                self._effects.hide_order(play, target, body_of(answer))
            elif Trigger.TIME in play.rule.kind.triggers:
                self._do(play)
        return answer


def _spoil_line(play: Play, payload: bytes, line: Line) -> None:
    """What becomes of a reply frame that does not arrive whole."""
    frame = text_frame(payload)
    if play.fault == "connection_silent":
        line.fall_silent()
    elif play.fault == "reply_dripped":
        line.trickle(play["bytes_per_s"])
        line.send(frame)
    elif play.fault == "reply_lost":
        line.hang_up("fin")
    elif play.fault == "reply_malformed":
        line.send(text_frame(spoil(payload, play)))
    else:
        moment = play["moment"]
        part = {"before": b"", "during": frame[: len(frame) // 2], "after": frame}[moment]
        line.end_with(part)


def _body(reply: Reply) -> bytes:
    return reply.body


def _target(door: str, method: str, path: str, account_id: str, params: Params) -> Target:
    names = ("newClientOrderId", "origClientOrderId", "clientAlgoId")
    client_id = next((params[name] for name in names if name in params), "")
    return Target(
        door=door,
        method=method,
        path=path,
        account=account_id,
        symbol=params.get("symbol", ""),
        client_order_id=client_id,
    )


def _crash() -> None:
    """As kill -9 would: nothing is closed, written or said any more."""
    os._exit(CRASH_EXIT_CODE)
