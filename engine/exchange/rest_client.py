"""REST calls: admitted, timed, signed by the venue's clock, sent, read and judged.

The only user of binance-futures-connector. Any endpoint goes through its
`sign_request`, `limit_request` and `query`; what it lacks (time-outs, server
time, Ed25519, headers of 5xx answers, an end to logging of secrets) is given to
it here by one subclass. To replace the connector, edit this file alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec
from binance.um_futures import UMFutures

from engine.clock import Clock
from engine.errors import (
    ClockRefused,
    CredentialsError,
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    TemporarilyRefused,
)
from engine.events import RateBrake
from engine.exchange.http_session import HttpReply, HttpSession
from engine.exchange.proxy import SYSTEM
from engine.exchange.rate_governor import RateGovernor, priority_of
from engine.exchange.rate_limiter import Cost, Priority, RateLimiter
from engine.exchange.reply_judge import ReplyJudge
from engine.exchange.server_time import ServerClock
from engine.exchange.wire_tap import WireTap
from engine.utils.retry import RetryPolicy, call_with_retry
from engine.wire.endpoints import ENDPOINTS, Endpoint, Security
from engine.wire.hosts import Hosts
from engine.wire.outcomes import no_answer
from engine.wire.rest_messages import ServerTime
from engine.wire.signing import Signer, encode_params, signer_for

logger = logging.getLogger(__name__)

T = TypeVar("T")

_READ_RETRIES = (TemporarilyRefused, NotConnected, RateLimited)
_LATENCIES_KEPT = 512
_KEEP_WARM_S = 15.0  # less than the session keeps an idle connection

# documented: the weight header of these two is inaccurate
_NO_WEIGHT_HEADER = frozenset({"book_ticker", "ticker_price_v2"})


class RestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A write waits no longer than its recvWindow: later it could not be executed anyway."""

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 10.0
    write_timeout_s: float = 5.0
    recv_window_ms: int = 5000
    read_retry: RetryPolicy = RetryPolicy(attempts=4, base_s=0.2, max_pause_s=2.0)
    read_rate_wait_s: float = 30.0
    write_rate_wait_s: float = 2.0
    proxy: str = SYSTEM
    tap: WireTap | None = None


class OrderTransport(Protocol):
    """Another way for some calls; its answers have the form of HTTP's."""

    def carries(self, name: str) -> bool: ...

    def send(self, name: str, params: Mapping[str, object]) -> HttpReply:
        """Raises NotConnected when nothing was sent, OutcomeUnknown after sending."""


class RestClient:
    """Thread-safe; every call blocks. Raises what engine.exchange.gateway lists.

    Reads are retried on transient faults. Writes are sent once; only a clock error,
    which says that nothing was executed, is mended and asked again, once.
    """

    def __init__(
        self,
        hosts: Hosts,
        *,
        clock: Clock,
        api_key: str = "",
        api_secret: str = "",
        settings: RestSettings | None = None,
        limiter: RateLimiter | None = None,
        server_clock: ServerClock | None = None,
        on_brake: Callable[[RateBrake], None] = lambda _: None,
    ) -> None:
        self.settings = settings or RestSettings()
        self.limiter = limiter or RateLimiter()
        self.server_clock = server_clock or ServerClock(clock)
        self._clock = clock
        self.governor = RateGovernor(self.limiter, clock, self.server_clock.now_ms, on_brake)
        self._judge = ReplyJudge(self.governor, self.server_clock)
        self._stop = threading.Event()
        self._has_key = bool(api_key)
        self._last_answer_s = clock.monotonic()
        self._latencies_ms: deque[float] = deque(maxlen=_LATENCIES_KEPT)
        self._orders: OrderTransport | None = None
        self._orders_fall_back = True
        self._connector = _Connector(
            hosts, api_key, api_secret, self.settings, self.server_clock.now_ms
        )

    def call(
        self,
        name: str,
        reply_type: type[T],
        params: Mapping[str, object] | None = None,
        *,
        priority: Priority | None = None,
    ) -> T:
        """`name` is a row of wire.endpoints; params that are None are left out.

        `priority` is the endpoint's own when None.
        """
        endpoint = ENDPOINTS[name]
        given = dict(params or {})
        rank = priority_of(endpoint) if priority is None else priority
        if endpoint.is_write:
            return self._call_once(endpoint, given, reply_type, rank)
        return call_with_retry(
            lambda: self._call_once(endpoint, given, reply_type, rank),
            retry_on=_READ_RETRIES,
            policy=self.settings.read_retry,
            clock=self._clock,
            stop=self._stop,
            what=name,
        )

    def carry_orders_over(self, transport: OrderTransport, *, falls_back: bool) -> None:
        """Calls that `transport` carries go there. `falls_back`: by REST when it is not
        connected and nothing was sent; after sending never.
        """
        self._orders, self._orders_fall_back = transport, falls_back

    @property
    def signer(self) -> Signer:
        return self._connector.signer

    def sync_clock(self) -> None:
        """Measure the venue's clock; also warms a connection up. Raises NotConnected."""
        estimate = self.server_clock.sync(self._fetch_time)
        logger.info(
            "venue clock offset_ms=%.1f error_ms=%.1f", estimate.offset_ms, estimate.error_ms
        )

    def is_cold(self) -> bool:
        """No answer for a while: the idle connection will soon not be trusted any more."""
        return self._clock.monotonic() - self._last_answer_s > _KEEP_WARM_S

    def keep_warm(self) -> None:
        """One ping, so that the next order need not open a connection first."""
        self._attempt(ENDPOINTS["ping"], {}, dict, Priority.QUERY)

    def order_latencies_ms(self) -> list[float]:
        """Round trips of the newest writes, oldest first."""
        return list(self._latencies_ms)

    def close(self) -> None:
        """End waiting and running requests; a write cut so is OutcomeUnknown."""
        self._stop.set()
        self.governor.close()
        self._connector.session.close()

    def _call_once(
        self, endpoint: Endpoint, params: dict[str, object], reply_type: type[T], priority: Priority
    ) -> T:
        if endpoint.security is not Security.NONE and not self._has_key:
            raise CredentialsError("No API key is set for this environment.")
        if endpoint.security is Security.SIGNED and self.server_clock.estimate is None:
            self.sync_clock()
        try:
            return self._attempt(endpoint, params, reply_type, priority)
        except ClockRefused as error:
            logger.warning(
                "clock refused call=%s code=%d: measuring again", endpoint.name, error.code
            )
            self.sync_clock()
        return self._attempt(endpoint, params, reply_type, priority)

    def _attempt(
        self, endpoint: Endpoint, params: dict[str, object], reply_type: type[T], priority: Priority
    ) -> T:
        cost = Cost(endpoint.weight_of(params), *endpoint.orders)
        longest_s = (
            self.settings.write_rate_wait_s if endpoint.is_write else self.settings.read_rate_wait_s
        )
        self.governor.acquire(cost, priority, longest_s)
        headers: Mapping[str, str] = {}
        try:
            reply = self._send(endpoint, params)
            headers = {} if endpoint.name in _NO_WEIGHT_HEADER else reply.headers
        finally:
            self.governor.settle(cost, headers)
        return self._judge.read(endpoint, reply, reply_type)

    def _send(self, endpoint: Endpoint, params: dict[str, object]) -> HttpReply:
        started = time.perf_counter()
        try:
            reply = self._hand_over(endpoint, params)
        except OutcomeUnknown as error:
            self._tell_tap(endpoint, params, 0, str(error).encode(), started)
            raise no_answer(str(error), endpoint.is_write) from error
        elapsed_ms = (time.perf_counter() - started) * 1000
        self._tell_tap(endpoint, params, reply.status, reply.body, started)
        if endpoint.is_write:
            self._latencies_ms.append(elapsed_ms)
        logger.debug(
            "%s %s status=%d ms=%.1f", endpoint.method, endpoint.path, reply.status, elapsed_ms
        )
        return reply

    def _tell_tap(
        self,
        endpoint: Endpoint,
        params: Mapping[str, object],
        status: int,
        body: bytes,
        started: float,
    ) -> None:
        tap = self.settings.tap
        if tap is not None and tap.listener is not None:
            elapsed_ms = (time.perf_counter() - started) * 1000
            tap.listener.called(endpoint.name, params, status, body, elapsed_ms)

    def _hand_over(self, endpoint: Endpoint, params: dict[str, object]) -> HttpReply:
        if self._orders is not None and self._orders.carries(endpoint.name):
            try:
                return self._orders.send(endpoint.name, params)
            except NotConnected:
                if not self._orders_fall_back:
                    raise
        reply = self._connector.send(endpoint, params)
        self._last_answer_s = self._clock.monotonic()
        return reply

    def _fetch_time(self) -> int:
        # straight to one attempt: a retry's pause would spoil the measurement
        return self._attempt(ENDPOINTS["time"], {}, ServerTime, Priority.CANCEL).server_time


class _Connector(UMFutures):  # type: ignore[misc]  # the connector has no types
    """The connector with time-outs, the venue's clock, any kind of key, and no logging.

    Its own send path logs whole URLs and answers (signatures, listen keys),
    drops the headers of 5xx answers and spends 84 % of a call in `requests`.
    """

    session: HttpSession

    def __init__(
        self,
        hosts: Hosts,
        api_key: str,
        api_secret: str,
        settings: RestSettings,
        server_now_ms: Callable[[], int],
    ) -> None:
        if not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
            raise CredentialsError("The API key contains characters that no API key has.")
        super().__init__(key=api_key, base_url=hosts.rest)
        self.session.close()
        headers = {"User-Agent": "perpdesk", "Accept": "application/json"}
        if api_key:
            headers["X-MBX-APIKEY"] = api_key
        self.session = HttpSession(hosts.rest, headers, settings.connect_timeout_s, settings.proxy)
        self._settings = settings
        self._server_now_ms = server_now_ms
        self.signer: Signer = signer_for(api_secret)

    def send(self, endpoint: Endpoint, params: dict[str, object]) -> HttpReply:
        reply: HttpReply
        if endpoint.security is Security.SIGNED:
            reply = self.sign_request(endpoint.method, endpoint.path, params)
        elif endpoint.security is Security.KEY:
            reply = self.limit_request(endpoint.method, endpoint.path, params)
        else:
            reply = self.query(endpoint.path, params)
        return reply

    def sign_request(
        self,
        http_method: str,
        url_path: str,
        payload: Mapping[str, object] | None = None,
        special: bool = False,  # noqa: ARG002 - the connector's signature
    ) -> Any:
        """Timestamp and signature are made anew at every call: neither may be reused."""
        query = encode_params(
            {
                **(payload or {}),
                "recvWindow": self._settings.recv_window_ms,
                "timestamp": self._server_now_ms(),
            }
        )
        signature = quote(self.signer.sign(query.encode("ascii")), safe="")
        return self.send_request(http_method, f"{url_path}?{query}&signature={signature}")

    def send_request(
        self,
        http_method: str,
        url_path: str,
        payload: Mapping[str, object] | None = None,
        special: bool = False,  # noqa: ARG002 - the connector's signature
    ) -> Any:
        query = encode_params(payload) if payload else ""
        target = f"{url_path}?{query}" if query else url_path
        is_read = http_method == "GET"
        timeout_s = self._settings.read_timeout_s if is_read else self._settings.write_timeout_s
        return self.session.send(http_method, target, timeout_s)
