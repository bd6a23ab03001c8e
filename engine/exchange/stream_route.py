"""One route's connection, kept alive by one thread: connect, read, watch, reconnect.

What is asked for and what becomes of a message is the business of `Traffic`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Protocol

import msgspec

from engine.clock import Clock
from engine.errors import NotConnected, PerpdeskError
from engine.events import StreamStateChanged
from engine.exchange.stream_liveness import StreamLiveness, StreamSettings, Verdict
from engine.exchange.stream_socket import StreamSocket
from engine.exchange.tcp_connect import is_reachable
from engine.trading_types import Route, StreamState
from engine.utils.backoff import Backoff
from engine.utils.deadline import Deadline
from engine.utils.threads import CrashHandler, StoppableThread

logger = logging.getLogger(__name__)

StateListener = Callable[[StreamStateChanged], None]

_PROBE_TIMEOUT_S = 1.0
_SETTLED_S = 30.0
_REPLACE_AGAIN_S = 300.0
_OVERLAP_S = 3.0
_OVERLAP_READ_S = 0.01
_LAST_READS = 200  # of up to 128 KiB; a flood that never pauses must end, too


class Traffic(Protocol):
    """What flows over a route. Called on the route's thread only."""

    def url(self) -> str:
        """Where to connect. May block; raises a PerpdeskError when it cannot be known now."""

    def replacement_url(self) -> str:
        """Where to connect while the present connection still serves. Does not block."""

    def connected(self) -> None:
        """A new connection: nothing is subscribed on it yet."""

    def next_request(self) -> str | None:
        """The next text to send, None when all has been said."""

    def expects_data(self) -> bool:
        """Whether silence means that something is wrong."""

    def watch(self, now_s: float) -> None:
        """Called between messages, some ten times a second; must be quick."""

    def handle(self, messages: list[bytearray]) -> int:
        """Decode and deliver; the number of messages that were data. Never raises."""


class RouteHealth(msgspec.Struct, frozen=True, kw_only=True):
    route: Route
    state: StreamState
    messages: int
    reconnects: int
    last_data_age_s: float | None  # None: no data yet


class StreamRoute:
    """`start` and `stop` once each. `on_state` runs on the route's thread."""

    def __init__(
        self,
        route: Route,
        base_url: str,
        traffic: Traffic,
        *,
        clock: Clock,
        settings: StreamSettings,
        on_state: StateListener,
        on_crash: CrashHandler | None = None,
    ) -> None:
        self.route = route
        self._base_url = base_url
        self._traffic = traffic
        self._clock = clock
        self._settings = settings
        self._tap = settings.tap
        self._on_state = on_state
        self._thread = StoppableThread(f"ws-{route.value}", self._run, on_crash)
        self._liveness = StreamLiveness(settings)
        self._backoff = Backoff(settings.reconnect_base_s, settings.reconnect_max_delay_s)
        self._lock = threading.Lock()  # guards _sockets
        self._sockets: list[StreamSocket] = []  # two while one replaces the other
        self._wake = threading.Event()
        self._recycle_why: str | None = None
        self._probe_is_asked = self._news_are_due = self._is_doubted = False
        self._state = StreamState.DISCONNECTED
        self._messages = 0
        self._reconnects = 0
        self._last_data_s: float | None = None
        self._connected_s = 0.0
        self._host_is_away = False
        self._next_send_s = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Ends the connection at once; True when the thread has ended in time."""
        self.request_stop()
        return self._thread.is_current() or self._thread.join(timeout_s)

    def request_stop(self) -> None:
        self._thread.request_stop()
        self._wake.set()
        with self._lock:
            for stream in self._sockets:
                stream.abort()

    def hurry(self) -> None:
        """The network is seen to be back: do not wait for the next attempt."""
        if self._state is StreamState.DISCONNECTED:
            self._wake.set()

    def recycle(self, why: str) -> None:
        """Drop the present connection and make a new one (expired key, sleep)."""
        self._recycle_why = why
        self.hurry()

    def probe(self) -> None:
        """Any thread: something else is silent, so ask here whether the line still lives."""
        self._probe_is_asked = True

    def expect_news(self) -> None:
        """Any thread: an event is owed; without it the connection is made anew."""
        self._news_are_due = True

    @property
    def state(self) -> StreamState:
        return self._state

    def health(self) -> RouteHealth:
        last = self._last_data_s
        return RouteHealth(
            route=self.route,
            state=self._state,
            messages=self._messages,
            reconnects=self._reconnects,
            last_data_age_s=None if last is None else self._clock.monotonic() - last,
        )

    # --- the route's thread ------------------------------------------------------

    def _run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                why = self._one_connection(stop)
                if stop.is_set():
                    break
                self._reconnects += 1
                deadline = Deadline(self._clock, self._backoff.next_s())
                self._change(StreamState.DISCONNECTED, why)
                self._pause(stop, deadline)
        finally:
            self._change(StreamState.STOPPED, "Stopped.")

    def _one_connection(self, stop: threading.Event) -> str:
        """Connect and serve until it ends; why it ended, as a sentence."""
        self._recycle_why = None
        self._wake.clear()
        stream = self._new_socket(stop)
        try:
            self._change(StreamState.CONNECTING, "Connecting.")
            stream.open(self._traffic.url(), self._settings.connect_timeout_s)
            self._serve(stream, stop)
        except PerpdeskError as error:
            self._host_is_away = isinstance(error, NotConnected) and not stream.reached_host
            return str(error)
        finally:
            self._close_all()
        return "Stopping."

    def _serve(self, stream: StreamSocket, stop: threading.Event) -> None:
        """Read until stopped. Raises NotConnected when the connection is of no more use."""
        self._begin()
        self._change(StreamState.CONNECTED, "Connected, waiting for data.")
        if not self._traffic.expects_data():
            self._go_live()
        while not stop.is_set():
            self._read(stream, self._settings.tick_s)
            self._say_next(stream)
            if self._watch(stream) is Verdict.OLD:
                stream = self._replace(stream, stop)

    def _begin(self) -> None:
        now_s = self._clock.monotonic()
        self._connected_s = self._next_send_s = now_s
        self._probe_is_asked = self._news_are_due = self._is_doubted = False
        self._liveness.connected(now_s)
        self._traffic.connected()

    def _read(self, stream: StreamSocket, timeout_s: float) -> int:
        """Deliver what comes within the time; the number of data messages."""
        messages = stream.read(timeout_s)
        delivered = self._take(messages) if messages else 0
        if stream.last_pong is not None:
            stream.last_pong = None
            self._liveness.pong(self._clock.monotonic())
        return delivered

    def _replace(self, old: StreamSocket, stop: threading.Event) -> StreamSocket:
        """A new connection in place of one near its end, without a gap.

        The old one is read until the new one has been told of every stream and has
        delivered, for some seconds more, and then to its last byte. What came twice
        is dropped by those who hold state (trade and update ids). When no new one
        can be had now, the old one serves on.
        """
        new = self._new_socket(stop)
        try:
            new.open(self._traffic.replacement_url(), self._settings.connect_timeout_s)
        except PerpdeskError as error:
            logger.warning("route=%s not replaced yet: %s", self.route.value, error)
            self._discard(new)
            self._liveness.postpone_age(_REPLACE_AGAIN_S)
            return old
        self._begin()
        first_data_due = Deadline(self._clock, self._settings.first_data_s)
        overlap_ends: Deadline | None = None
        delivered = not self._traffic.expects_data()
        while not stop.is_set() and not (overlap_ends is not None and overlap_ends.passed):
            self._read_out(old, 1)
            said_all = self._say_next(new)
            delivered = self._read(new, _OVERLAP_READ_S) > 0 or delivered
            if overlap_ends is None and said_all and (delivered or first_data_due.passed):
                overlap_ends = Deadline(self._clock, _OVERLAP_S)
        self._read_out(old, _LAST_READS)
        self._discard(old)
        logger.info("route=%s connection replaced before its 24 h end", self.route.value)
        return new

    def _read_out(self, old: StreamSocket, reads: int) -> None:
        """Deliver what is left, within so many reads; the old one may have ended."""
        with contextlib.suppress(NotConnected):
            for _ in range(reads):
                if not self._read(old, _OVERLAP_READ_S):
                    break

    def _new_socket(self, stop: threading.Event) -> StreamSocket:
        stream = StreamSocket(self._settings.proxy)
        with self._lock:
            self._sockets.append(stream)
            if stop.is_set():
                stream.abort()
        return stream

    def _discard(self, stream: StreamSocket) -> None:
        with self._lock:
            self._sockets.remove(stream)
        stream.close()

    def _close_all(self) -> None:
        with self._lock:
            streams, self._sockets = self._sockets, []
        for stream in streams:
            stream.close()

    def _take(self, messages: list[bytearray]) -> int:
        self._messages += len(messages)
        if self._tap is not None and self._tap.listener is not None:
            self._tap.listener.heard(self.route, messages)
        delivered = self._traffic.handle(messages)
        if delivered:
            self._last_data_s = self._clock.monotonic()
            self._liveness.data(self._last_data_s)
            self._backoff.reset()
            self._go_live()
        return delivered

    def _go_live(self) -> None:
        self._change(StreamState.LIVE, "Live.")

    def _watch(self, stream: StreamSocket) -> Verdict:
        """Raises NotConnected when the connection must go."""
        if self._recycle_why is not None:
            raise NotConnected(self._recycle_why)
        now_s = self._clock.monotonic()
        self._take_hints(now_s)
        expects_data = self._traffic.expects_data()
        verdict = self._liveness.check(now_s, expects_data=expects_data)
        if verdict is Verdict.PING:
            stream.send_ping(b"alive?")
            self._liveness.ping_sent(now_s)
        elif verdict in (Verdict.SILENT, Verdict.NO_PONG, Verdict.NO_NEWS):
            self._change(StreamState.STALE, f"Reconnecting: {verdict.value}.")
            raise NotConnected(f"The connection was dropped: {verdict.value}.")
        elif not expects_data and now_s - self._connected_s > _SETTLED_S:
            self._backoff.reset()
        self._tell_doubt(self._liveness.is_doubted(now_s))
        self._traffic.watch(now_s)
        return verdict

    def _take_hints(self, now_s: float) -> None:
        if self._probe_is_asked:
            self._probe_is_asked = False
            self._liveness.probe(now_s)
        if self._news_are_due:
            self._news_are_due = False
            self._liveness.news_due(now_s)

    def _tell_doubt(self, is_doubted: bool) -> None:
        """Said once, and taken back once: the state stays, as nothing is lost yet."""
        if is_doubted is self._is_doubted:
            return
        self._is_doubted = is_doubted
        if is_doubted:
            self._tell("The exchange does not answer on this connection; asking again.")
        else:
            self._tell("The exchange answers again.")

    def _say_next(self, stream: StreamSocket) -> bool:
        """Send one request if the venue's pace allows; True when all has been said."""
        now_s = self._clock.monotonic()
        if now_s < self._next_send_s:
            return False
        request = self._traffic.next_request()
        if request is None:
            return True
        stream.send_text(request)
        if self._tap is not None and self._tap.listener is not None:
            self._tap.listener.said(self.route, request)
        self._next_send_s = now_s + self._settings.send_interval_s
        return False

    def _pause(self, stop: threading.Event, deadline: Deadline) -> None:
        """Wait out the backoff, or less when the network is seen to be back.

        Only a host that could not be reached at all is looked for meanwhile: one
        that answered and refused us is left alone for the whole pause.
        """
        logger.info("route=%s next attempt in %.1f s", self.route.value, deadline.left_s())
        while not stop.is_set() and not deadline.passed:
            slice_s = min(self._settings.probe_interval_s, deadline.left_s())
            if self._clock.wait(self._wake, slice_s):
                return
            if self._host_is_away and is_reachable(
                self._base_url, _PROBE_TIMEOUT_S, self._settings.proxy
            ):
                return

    def _change(self, state: StreamState, sentence: str) -> None:
        if state is self._state and state is not StreamState.DISCONNECTED:
            return
        self._state = state
        self._is_doubted = False
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        logger.info("route=%s state=%s %s", self.route.value, self._state.value, sentence)
        event = StreamStateChanged(
            route=self.route,
            state=self._state,
            sentence=sentence,
            reconnects=self._reconnects,
            is_doubted=self._is_doubted,
            at_ms=self._clock.now_ms(),
        )
        try:
            self._on_state(event)
        except Exception:  # a listener's mistake must not end the stream
            logger.exception("state listener failed route=%s", self.route.value)
