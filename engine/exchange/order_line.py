"""One connection of the order socket. Whoever waits for a reply reads the socket himself.

A thread of its own that read replies would add two hand-overs between threads to
each order. So the caller that is alone reads until its own reply has come; callers
that come meanwhile wait, get theirs from the one who reads, and one of them takes
over when he is done. Between requests `pump` reads what comes (pings, an end).
"""

from __future__ import annotations

import logging
import threading
import time

from engine.errors import NotConnected, OutcomeUnknown
from engine.exchange.proxy import SYSTEM
from engine.exchange.stream_socket import StreamSocket
from engine.wire.codec import UNREADABLE, decode_reply
from engine.wire.socket_messages import SocketReply

logger = logging.getLogger(__name__)

_UNAUTHORISED = 401


class _Flight:
    """A request that was sent, or is about to be."""

    __slots__ = ("reply", "woken")

    def __init__(self) -> None:
        self.reply: SocketReply | None = None
        self.woken = threading.Event()  # look again: a reply, an end, or your turn to read

    @property
    def is_open(self) -> bool:
        return self.reply is None


class OrderLine:
    """`ask` from any thread; `open`, `pump`, `ping` and `close` belong to one."""

    def __init__(self, proxy: str = SYSTEM) -> None:
        self._stream = StreamSocket(proxy)
        self._io = threading.Lock()  # one call on the socket at a time: TLS needs it
        self._reading = threading.Lock()  # held by whoever waits for bytes
        self._guard = threading.Lock()  # for the next two
        self._flights: dict[int, _Flight] = {}
        self._over: str | None = None  # why no request may be sent any more
        self.heard = 0  # messages and pongs; who watches compares

    def open(self, url: str, timeout_s: float) -> None:
        """Raises NotConnected."""
        self._stream.open(url, timeout_s)

    @property
    def over(self) -> str | None:
        """Why this connection takes no more requests; None while it does."""
        return self._over

    @property
    def is_idle(self) -> bool:
        return not self._flights

    def ask(self, request_id: int, message: bytes, timeout_s: float) -> SocketReply:
        """Send and wait for the reply with this id.

        Raises NotConnected when it was not sent, OutcomeUnknown when it was and no
        reply came.
        """
        ends_at = time.monotonic() + timeout_s
        flight = _Flight()
        with self._guard:
            if self._over is not None:
                raise NotConnected(self._over)
            self._flights[request_id] = flight
        try:
            self._send(message)
            return self._wait(flight, ends_at)
        finally:
            with self._guard:
                self._flights.pop(request_id, None)
            # however this one ended: it may have been its turn to read
            self._hand_on()

    def pump(self) -> None:
        """Read what has come, if nobody else does. Raises NotConnected at its end."""
        self._read_what_came()
        if self._over is not None:
            raise NotConnected(self._over)

    def ping(self) -> None:
        """Raises NotConnected."""
        with self._io:
            self._stream.send_ping(b"alive?")

    def end(self, why: str) -> None:
        """Any thread: take no more requests; whoever waits for a reply learns of it now."""
        with self._guard:
            self._over = self._over or why
            flights = list(self._flights.values())
        self._stream.abort()
        for flight in flights:
            flight.woken.set()

    def retire(self, why: str) -> None:
        """Any thread: take no more requests; those under way still get their replies."""
        with self._guard:
            self._over = self._over or why

    def close(self) -> None:
        self.end("The connection is closed.")
        with self._reading, self._io:
            self._stream.close()

    # --- within -----------------------------------------------------------------------

    def _send(self, message: bytes) -> None:
        # an end that has arrived meanwhile must be known before sending, not after
        self._read_what_came()
        if self._over is not None:
            raise NotConnected(self._over)
        try:
            with self._io:
                self._stream.send_bytes(message)
        except NotConnected as error:
            # its end did not leave this computer, so the venue cannot act on it
            self.end(str(error))
            raise

    def _wait(self, flight: _Flight, ends_at: float) -> SocketReply:
        while True:
            left_s = ends_at - time.monotonic()
            if self._reading.acquire(blocking=False):
                try:
                    self._read_until(flight, ends_at)
                except NotConnected as error:
                    self.end(str(error))
                finally:
                    self._reading.release()
            elif flight.is_open and left_s > 0:
                flight.woken.wait(left_s)
                flight.woken.clear()
            if flight.reply is not None:
                return flight.reply
            if self._stream.is_aborted:
                raise OutcomeUnknown(f"The request was sent, but: {self._over}")
            if left_s <= 0:
                self.retire("An answer did not come in time.")
                raise OutcomeUnknown("The request was sent, but no answer came in time.")

    def _read_until(self, flight: _Flight, ends_at: float) -> None:
        while flight.is_open:
            left_s = ends_at - time.monotonic()
            if left_s <= 0 or self._stream.is_aborted:
                return
            if self._stream.wait_readable(left_s):
                self._take()

    def _read_what_came(self) -> None:
        if not self._reading.acquire(blocking=False):
            return  # somebody reads already
        try:
            if self._stream.wait_readable(0.0):
                self._take()
        except NotConnected as error:
            self.end(str(error))
        finally:
            self._reading.release()
            self._hand_on()

    def _hand_on(self) -> None:
        """Whoever read is done: let one who still waits read on."""
        with self._guard:
            for flight in self._flights.values():
                if flight.is_open:
                    flight.woken.set()
                    return

    def _take(self) -> None:
        """Read without waiting, and deliver. Raises NotConnected."""
        with self._io:
            messages = self._stream.read(0.0)
            if self._stream.last_pong is not None:
                self._stream.last_pong = None
                self.heard += 1
        for payload in messages:
            self.heard += 1
            self._deliver(payload)

    def _deliver(self, payload: bytearray) -> None:
        try:
            reply = decode_reply(payload, SocketReply)
        except UNREADABLE as error:
            # nobody knows whose it was: better all unknown now than one after the time-out
            raise NotConnected("An answer of the exchange could not be read.") from error
        if reply.id is None and reply.status == _UNAUTHORISED:
            raise NotConnected("The exchange ended the session.")
        with self._guard:
            flight = self._flights.get(reply.id) if isinstance(reply.id, int) else None
        if flight is None:
            logger.warning("answer without a question id=%s status=%d", reply.id, reply.status)
            return
        flight.reply = reply
        flight.woken.set()
