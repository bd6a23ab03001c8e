"""Orders over the venue's WebSocket API: kept connected, logged on, watched and rotated.

The replies have the form of HTTP answers, so that limits, clock errors and refusals
are judged in one place for both transports. What was sent here is never sent again,
here or by REST: a lost reply is OutcomeUnknown.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections.abc import Callable, Mapping
from typing import NoReturn

import msgspec

from engine.clock import Clock
from engine.errors import ClockRefused, NotConnected, OutcomeUnknown, PerpdeskError
from engine.exchange.http_session import HttpReply
from engine.exchange.order_line import OrderLine
from engine.exchange.rate_governor import RateGovernor
from engine.exchange.rate_limiter import Cost, Priority
from engine.exchange.server_time import ServerClock
from engine.exchange.stream_liveness import StreamLiveness, StreamSettings, Verdict
from engine.utils.backoff import Backoff
from engine.utils.threads import CrashHandler, StoppableThread
from engine.wire.outcomes import classify, error_for
from engine.wire.signing import Ed25519Signer, Signer
from engine.wire.socket_messages import (
    HANDSHAKE_WEIGHT,
    LOGON,
    LOGON_WEIGHT,
    SOCKET_METHODS,
    SocketReply,
    encode_request,
    limit_headers,
    sign,
    socket_params,
)

logger = logging.getLogger(__name__)

_TICK_S = 0.25
_REPLACE_AGAIN_S = 300.0
_SETTLED_S = 30.0
_RATE_WAIT_S = 2.0


class SocketAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Where and as whom. `patience_s`: how long a request waits for a connection."""

    url: str
    api_key: str
    signer: Signer
    recv_window_ms: int = 5000
    timeout_s: float = 5.0
    patience_s: float = 0.0

    def __repr__(self) -> str:
        return f"SocketAccess({self.url})"  # never key or signer


class OrderSocket:
    """`send` from any thread; the connection belongs to the thread `order-socket`.

    `sync_clock` is called there when the venue's clock is not known well. `on_refused`
    gets what keeps us from logging on.
    """

    def __init__(
        self,
        access: SocketAccess,
        *,
        clock: Clock,
        server_clock: ServerClock,
        sync_clock: Callable[[], None],
        governor: RateGovernor,
        settings: StreamSettings,
        on_refused: Callable[[PerpdeskError], None],
        on_crash: CrashHandler | None = None,
    ) -> None:
        self._access = access
        self._clock = clock
        self._server_clock = server_clock
        self._sync_clock = sync_clock
        self._governor = governor
        self._settings = settings
        self._on_refused = on_refused
        self._logs_on = isinstance(access.signer, Ed25519Signer)
        self._thread = StoppableThread("order-socket", self._run, on_crash)
        self._liveness = StreamLiveness(settings)
        self._backoff = Backoff(settings.reconnect_base_s, settings.reconnect_max_delay_s)
        self._wake = threading.Event()
        self._changed = threading.Condition()  # guards the next four
        self._line: OrderLine | None = None
        self._opening: OrderLine | None = None
        self._old: list[OrderLine] = []  # take no requests; replies may still come
        self._started = False
        self._ids = itertools.count(1)
        self._heard = 0
        self._probe_is_asked = self._is_doubted = False
        self._connected_s = 0.0
        self.connections = 0

    # --- any thread ----------------------------------------------------------------------

    def start(self) -> None:
        """Begin to connect; may be called again. Returns at once."""
        with self._changed:
            if self._started:
                return
            self._started = True
        self._thread.start()

    @property
    def is_connected(self) -> bool:
        line = self._line
        return line is not None and line.over is None

    def carries(self, name: str) -> bool:
        return name in SOCKET_METHODS

    def send(self, name: str, params: Mapping[str, object]) -> HttpReply:
        """One request and its answer. Raises NotConnected (not sent) or OutcomeUnknown."""
        try:
            reply = self._ask(name, params)
        except NotConnected:
            if self._access.patience_s <= 0:
                raise
            reply = self._ask(name, params)  # it was not sent: a new connection is safe
        return _as_http(reply, self._server_clock.now_ms())

    def _ask(self, name: str, params: Mapping[str, object]) -> SocketReply:
        line = self._line
        if line is None or line.over is not None:
            line = self._await_line()
        if self._is_doubted and self._access.patience_s <= 0:
            raise NotConnected("The order socket does not answer; nothing was sent on it.")
        sent = socket_params(params, self._server_clock.now_ms(), self._access.recv_window_ms)
        if not self._logs_on:
            sent = sign(sent, self._access.api_key, self._access.signer)
        request_id = next(self._ids)
        message = encode_request(request_id, SOCKET_METHODS[name], sent)
        try:
            return line.ask(request_id, message, self._access.timeout_s)
        except (NotConnected, OutcomeUnknown):
            self._wake.set()  # to look after the connection now
            raise

    def hurry(self) -> None:
        """The network is seen to be back: do not wait for the next attempt."""
        if not self.is_connected:
            self._wake.set()

    def probe(self) -> None:
        """Something else is silent: ask whether this connection still lives."""
        self._probe_is_asked = True

    def recycle(self, why: str) -> None:
        """Connect anew (after the computer has slept). Replies under way may still come."""
        line = self._line
        if line is not None:
            line.retire(why)
        self._wake.set()

    def request_stop(self) -> None:
        """End the connection; requests under way become OutcomeUnknown."""
        self._thread.request_stop()
        with self._changed:
            lines = [self._line, self._opening, *self._old]
            self._changed.notify_all()
        for line in lines:
            if line is not None:
                line.end("Perpdesk is closing.")
        self._wake.set()

    def stop(self, timeout_s: float) -> bool:
        """True when the thread has ended in time."""
        self.request_stop()
        return self._thread.is_current() or self._thread.join(timeout_s)

    def _await_line(self) -> OrderLine:
        self.start()
        with self._changed:
            if self._access.patience_s > 0:
                self._changed.wait_for(
                    lambda: self.is_connected or self._thread.stop_event.is_set(),
                    self._access.patience_s,
                )
            line = self._line
        if line is None or line.over is not None:
            raise NotConnected("The order socket is not connected; nothing was sent.")
        return line

    # --- the thread order-socket -----------------------------------------------------------

    def _run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    self._use(self._connect(stop))
                    self._serve(stop)
                except PerpdeskError as error:
                    if stop.is_set():
                        break
                    self._set_aside()
                    self._drain_old()
                    pause_s = self._backoff.next_s()
                    logger.warning("order socket: %s Next attempt in %.1f s.", error, pause_s)
                    self._clock.wait(self._wake, pause_s)
        finally:
            self._close_all()

    def _connect(self, stop: threading.Event) -> OrderLine:
        """A connection that is ready for orders. Raises what kept it from being so."""
        if self._server_clock.is_stale():
            self._sync_clock()
        self._spend(HANDSHAKE_WEIGHT)
        line = OrderLine(self._settings.proxy)
        with self._changed:
            self._opening = line
        if stop.is_set():
            line.end("Perpdesk is closing.")
        try:
            line.open(self._access.url, self._settings.connect_timeout_s)
            if self._logs_on:
                self._log_on(line)
        except PerpdeskError:
            line.close()
            raise
        finally:
            with self._changed:
                self._opening = None
        return line

    def _log_on(self, line: OrderLine) -> None:
        self._spend(LOGON_WEIGHT)
        params = sign(
            socket_params({}, self._server_clock.now_ms(), self._access.recv_window_ms),
            self._access.api_key,
            self._access.signer,
        )
        request_id = next(self._ids)
        message = encode_request(request_id, LOGON, params)
        try:
            reply = line.ask(request_id, message, self._access.timeout_s)
        except OutcomeUnknown as error:
            raise NotConnected(f"No answer to the logon: {error}") from error
        if reply.status != 200:
            self._refuse(reply)

    def _refuse(self, reply: SocketReply) -> NoReturn:
        code, text = (reply.error.code, reply.error.msg) if reply.error else (0, "")
        outcome = classify(reply.status, code, text, False)
        error = error_for(outcome, reply.status, code, text)
        if isinstance(error, ClockRefused):
            self._sync_clock()
        self._on_refused(error)
        raise error

    def _spend(self, weight: int) -> None:
        cost = Cost(weight)
        self._governor.acquire(cost, Priority.PLACE, _RATE_WAIT_S)
        self._governor.settle(cost, {})

    def _use(self, line: OrderLine) -> None:
        """From now on requests go over `line`; the one before gets its replies still."""
        now_s = self._clock.monotonic()
        self._liveness.connected(now_s)
        self._connected_s, self._heard = now_s, line.heard
        self._probe_is_asked = self._is_doubted = False
        with self._changed:
            before, self._line = self._line, line
            if before is not None:
                before.retire("Replaced by a new connection.")
                self._old.append(before)
            self._changed.notify_all()
        self.connections += 1
        logger.info("order socket connected number=%d", self.connections)

    def _serve(self, stop: threading.Event) -> None:
        """Until the connection is of no more use. Raises NotConnected then."""
        while not stop.is_set():
            line = self._line
            self._drain_old()
            if line is None:
                raise NotConnected("There is no connection.")
            line.pump()
            if self._watch(line) is Verdict.OLD:
                self._replace(stop)
            if self._clock.wait(self._wake, _TICK_S):
                self._wake.clear()

    def _watch(self, line: OrderLine) -> Verdict:
        now_s = self._clock.monotonic()
        if line.heard != self._heard:
            self._heard = line.heard
            self._liveness.pong(now_s)
        if self._probe_is_asked:
            self._probe_is_asked = False
            self._liveness.probe(now_s)
        verdict = self._liveness.check(now_s, expects_data=False)
        if verdict is Verdict.PING:
            line.ping()
            self._liveness.ping_sent(now_s)
        elif verdict is Verdict.NO_PONG:
            line.end(f"The connection was dropped: {verdict.value}.")
        elif now_s - self._connected_s > _SETTLED_S:
            self._backoff.reset()
        self._is_doubted = self._liveness.is_doubted(now_s)
        return verdict

    def _replace(self, stop: threading.Event) -> None:
        """A new connection before the venue ends the old one; without one, the old serves on."""
        try:
            self._use(self._connect(stop))
        except PerpdeskError as error:
            logger.warning("order socket not replaced yet: %s", error)
            self._liveness.postpone_age(_REPLACE_AGAIN_S)

    def _set_aside(self) -> None:
        with self._changed:
            if self._line is not None:
                self._line.retire("The connection is set aside.")
                self._old.append(self._line)
                self._line = None

    def _drain_old(self) -> None:
        for line in list(self._old):
            if line.is_idle:
                with self._changed:
                    self._old.remove(line)
                line.close()

    def _close_all(self) -> None:
        self._set_aside()
        with self._changed:
            lines, self._old = self._old, []
        for line in lines:
            line.close()


def _as_http(reply: SocketReply, now_ms: int) -> HttpReply:
    headers = limit_headers(reply.rate_limits)
    if reply.error is None:
        return HttpReply(reply.status, headers, bytes(reply.result))
    error = reply.error
    if error.data is not None:
        # the venue's own time beside it is better than what we think that it is
        wait_ms = error.data.retry_after - (error.data.server_time or now_ms)
        if wait_ms > 0:
            headers["retry-after"] = str(math.ceil(wait_ms / 1000))
    body = msgspec.json.encode({"code": error.code, "msg": error.msg})
    return HttpReply(reply.status, headers, body)
