"""Market streams of one route: which are wanted, who gets them, and the hot path."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable

from engine.events import Event
from engine.exchange.roll_call import RollCall
from engine.trading_types import Route
from engine.wire.codec import FRAMES, UNREADABLE
from engine.wire.hosts import Hosts
from engine.wire.stream_messages import StreamFrame

logger = logging.getLogger(__name__)

Callback = Callable[[Event], None]

_SLOW_BATCH_S = 0.25
_WITHOUT_CADENCE = ("@forceOrder", "!forceOrder@arr", "!contractInfo", "tradingSession")


class MarketStreams:
    """`want` and `unwant` from any thread; the rest on the route's (see stream_route).

    `silence_s` and `patience_max_s`: after how long, at first and at the most, a stream
    that delivers nothing is asked for again, beside others that do.

    A callback that raises is counted, logged the first time, and called again
    for the next message.
    """

    def __init__(
        self,
        route: Route,
        hosts: Hosts,
        batch: int,
        *,
        silence_s: float = 15.0,
        patience_max_s: float = 300.0,
    ) -> None:
        self._url = f"{hosts.stream_url(route)}/stream"
        self._batch = batch
        self._roll_call = RollCall(silence_s, patience_max_s)
        self._lock = threading.Lock()
        # replaced whole, so that the reader needs no lock
        self._callbacks: dict[str, Callback] = {}
        self._silent: set[str] = set()
        self._failed: set[str] = set()
        self._version = 0
        self._applied: set[str] = set()
        self._applied_version = -1
        self._request_id = 0
        self.decode_errors = 0
        self.callback_errors = 0
        self.slow_batches = 0

    # --- any thread ------------------------------------------------------------

    def want(self, streams: Iterable[str], callback: Callback) -> None:
        added = dict.fromkeys(streams, callback)
        with self._lock:
            self._silent.update(added)
            self._failed.difference_update(added)
            self._callbacks = self._callbacks | added
            self._version += 1

    def unwant(self, streams: Iterable[str]) -> None:
        gone = frozenset(streams)
        with self._lock:
            self._callbacks = {n: back for n, back in self._callbacks.items() if n not in gone}
            self._silent -= gone
            self._version += 1

    def wanted(self) -> frozenset[str]:
        return frozenset(self._callbacks)

    def silent(self) -> frozenset[str]:
        """Wanted streams that have delivered nothing on this connection, or not lately."""
        return frozenset(self._silent)

    # --- the route's thread -------------------------------------------------------

    def url(self) -> str:
        return self._url

    def replacement_url(self) -> str:
        return self._url

    def connected(self) -> None:
        self._applied = set()
        self._applied_version = -1
        self._roll_call.restart()
        self._call_all()

    def watch(self, now_s: float) -> None:
        """Asks again for streams that are silent while the connection lives."""
        if not self._roll_call.is_due(now_s):
            return
        with self._lock:
            missing = {n for n in self._silent & self._applied if _has_cadence(n)}
        self._roll_call.held(now_s, all_answered=not missing)
        if missing:
            logger.info("silent streams=%d first=%s: asking again", len(missing), min(missing))
            self._applied -= missing
            self._applied_version = -1
        self._call_all()

    def _call_all(self) -> None:
        with self._lock:
            self._silent = set(filter(_has_cadence, self._callbacks))

    def expects_data(self) -> bool:
        return bool(self._callbacks)

    def next_request(self) -> str | None:
        """SUBSCRIBE or UNSUBSCRIBE for a batch of what differs from the wanted set."""
        version = self._version  # read first: a change while we look is seen next time
        if version == self._applied_version:
            return None
        wanted = self._callbacks.keys()
        missing = sorted(wanted - self._applied)[: self._batch]
        if missing:
            self._applied.update(missing)
            return self._request("SUBSCRIBE", missing)
        surplus = sorted(self._applied - wanted)[: self._batch]
        if surplus:
            self._applied.difference_update(surplus)
            return self._request("UNSUBSCRIBE", surplus)
        self._applied_version = version
        return None

    def handle(self, messages: list[bytearray]) -> int:
        started = time.perf_counter()
        decode = FRAMES.decode
        callbacks, silent = self._callbacks, self._silent
        undelivered = 0
        for payload in messages:
            try:
                frame = decode(payload)
            except UNREADABLE as error:
                undelivered += 1
                self._not_readable(payload, error)
                continue
            callback = callbacks.get(frame.stream)
            data = frame.data
            if callback is None or data is None:
                undelivered += 1
                self._no_delivery(frame, payload)
                continue
            if silent:
                silent.discard(frame.stream)
            try:
                if type(data) is list:
                    for event in data:
                        callback(event)
                else:
                    callback(data)  # type: ignore[arg-type]  # no list here
            except Exception:
                if self._is_first_failure(frame.stream):
                    logger.exception("callback failed stream=%s", frame.stream)
        seconds = time.perf_counter() - started
        if seconds > _SLOW_BATCH_S:
            self._slow(len(messages), seconds)
        return len(messages) - undelivered

    def _request(self, method: str, names: list[str]) -> str:
        self._request_id += 1
        logger.info("%s streams=%d first=%s", method.lower(), len(names), names[0])
        return json.dumps({"method": method, "params": names, "id": self._request_id})

    def _is_first_failure(self, stream: str) -> bool:
        self.callback_errors += 1
        is_first = stream not in self._failed
        self._failed.add(stream)
        return is_first

    def _not_readable(self, payload: bytearray, why: object) -> None:
        self.decode_errors += 1
        if self.decode_errors == 1:
            logger.warning("unreadable message reason=%s raw=%r", why, bytes(payload[:200]))

    def _no_delivery(self, frame: StreamFrame, payload: bytearray) -> None:
        """A control reply, the last messages of a stream just given up, or neither."""
        error_code = frame.error.code if frame.error is not None else frame.code
        if error_code is not None:
            text = frame.error.msg if frame.error is not None else frame.msg
            logger.error("stream request refused id=%s code=%d %s", frame.id, error_code, text)
        elif frame.id is None and frame.data is None:
            self._not_readable(payload, "neither data nor a control reply")

    def _slow(self, messages: int, seconds: float) -> None:
        self.slow_batches += 1
        if self.slow_batches == 1:
            logger.warning("slow callbacks messages=%d seconds=%.2f", messages, seconds)


def _has_cadence(name: str) -> bool:
    return not name.endswith(_WITHOUT_CADENCE)
