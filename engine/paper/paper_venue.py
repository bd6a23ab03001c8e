"""The whole venue without its sockets: requests in, replies, frames and records out.

What a call has changed is written to the state file before its answer is given
and before its events go out. One thread only; never blocks but for that write.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from engine.clock import Clock
from engine.errors import RateLimited, VenueError
from engine.paper.paper_account import PaperAccount
from engine.paper.paper_account_requests import ACCOUNT_REQUESTS
from engine.paper.paper_algo_requests import ALGO_REQUESTS
from engine.paper.paper_algo_service import AlgoService
from engine.paper.paper_auth import KeyRing, Params, deadline_ms, parse_parameters
from engine.paper.paper_call import Call
from engine.paper.paper_events import UserEvent, listen_key_expired
from engine.paper.paper_exchange import PaperExchange
from engine.paper.paper_feed import MarketFeed
from engine.paper.paper_funding import settle_funding
from engine.paper.paper_limits import LimitSettings, OrderCounter, WeightCounter
from engine.paper.paper_liquidation import LiquidationService
from engine.paper.paper_listen_keys import ListenKeys
from engine.paper.paper_log import PaperLog
from engine.paper.paper_market_requests import MARKET_REQUESTS
from engine.paper.paper_order_requests import ORDER_REQUESTS
from engine.paper.paper_position_requests import POSITION_REQUESTS
from engine.paper.paper_settings_requests import SETTINGS_REQUESTS
from engine.paper.paper_state import MarketMark, StateFolder
from engine.paper.paper_streams import StreamHub
from engine.wire.endpoints import BY_ROUTE, Endpoint, Security

logger = logging.getLogger(__name__)

HANDLERS = {
    **MARKET_REQUESTS,
    **ACCOUNT_REQUESTS,
    **POSITION_REQUESTS,
    **SETTINGS_REQUESTS,
    **ORDER_REQUESTS,
    **ALGO_REQUESTS,
}
_MARK_MS = 1000
_REMEMBER_MS = 10_000
Headers = dict[str, str]


class Reply(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    headers: Headers


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request: query and body exactly as they were received."""

    method: str
    path: str
    query: str
    body: str
    api_key: str | None
    address: str
    arrived_ms: int = 0  # 0: now; earlier when it was held up on its way to the engine


class PaperVenue:
    def __init__(
        self,
        exchange: PaperExchange,
        algos: AlgoService,
        keys: KeyRing,
        state: StateFolder,
        clock: Clock,
        limits: LimitSettings,
    ) -> None:
        self.exchange = exchange
        self.algos = algos
        self.limits = limits
        self.hub = StreamHub()
        self.feed = MarketFeed(self.hub, exchange.markets)
        self.listen_keys = ListenKeys(list(exchange.accounts.values()))
        self.keys = keys
        self._liquidation = LiquidationService(exchange)
        self._state = state
        self._clock = clock
        self._encoder = msgspec.json.Encoder()
        self._weights: dict[str, WeightCounter] = {}
        self._orders = {name: OrderCounter(limits) for name in exchange.accounts}
        self._marked_ms = 0
        self._remembered_ms = 0
        # what faults may put in: a clock that is off, an ear for requests of no
        # venue, and a screen before what may be asked
        self.skew_ms = 0
        self.control: Callable[[Incoming], object | None] | None = None
        self.screen: Callable[[Endpoint, Call], None] | None = None

    def now_ms(self) -> int:
        return self._clock.now_ms()

    # requests

    def answer(self, incoming: Incoming) -> Reply:
        """One REST request, from its text to its reply. Never raises VenueError."""
        now_ms = self.now_ms()
        headers: Headers = {}
        try:
            body = self._answer(incoming, headers, now_ms)
        except VenueError as error:
            if isinstance(error, RateLimited):
                headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
            body = {"code": error.code, "msg": error.text}
            status = error.http_status
        else:
            status = 200
        self.commit(now_ms)
        return Reply(status, self._encoder.encode(body), headers)

    def _answer(self, incoming: Incoming, headers: Headers, now_ms: int) -> object:
        weights = self.weight_counter(incoming.address)
        endpoint = BY_ROUTE.get((incoming.method, incoming.path))
        if endpoint is None or endpoint.name not in HANDLERS:
            controlled = None if self.control is None else self.control(incoming)
            if controlled is not None:
                return controlled
            weights.take(1, now_ms)
            path = incoming.path.encode("ascii", "replace").decode()
            raise VenueError(-5000, f"Path {path}, Method {incoming.method} is invalid", 404)
        params = parse_parameters(incoming.query, incoming.body)
        try:
            weights.take(endpoint.weight_of(params), now_ms)
        finally:
            headers["X-MBX-USED-WEIGHT-1M"] = str(weights.used(now_ms))
        account_id = self.keys.authorise(
            endpoint.security,
            incoming.api_key,
            params,
            incoming.query,
            incoming.body,
            (incoming.arrived_ms or now_ms) + self.skew_ms,
        )
        if account_id is not None and endpoint.orders != (0, 0):
            self.count_orders(account_id, endpoint, headers, now_ms)
        return self.perform(
            endpoint, account_id, params, now_ms, until_ms=self.deadline_ms(endpoint, params)
        )

    def deadline_ms(self, endpoint: Endpoint, params: Params) -> int:
        """When the matching engine no longer takes the call; 0 if never."""
        if endpoint.security is not Security.SIGNED:
            return 0
        return deadline_ms(params) - self.skew_ms

    def perform(
        self,
        endpoint: Endpoint,
        account_id: str | None,
        params: Params,
        now_ms: int,
        default_stp: str = "EXPIRE_MAKER",
        until_ms: int = 0,
    ) -> object:
        """What the call does, once it may. Raises VenueError."""
        call = Call(
            exchange=self.exchange,
            algos=self.algos,
            listen_keys=self.listen_keys,
            limits=self.limits,
            params=params,
            now_ms=now_ms + self.skew_ms if endpoint.name == "time" else now_ms,
            caller=None if account_id is None else self.exchange.accounts[account_id],
            default_stp=default_stp,
            deadline_ms=until_ms,
        )
        if self.screen is not None:
            self.screen(endpoint, call)
        return HANDLERS[endpoint.name](call)

    def weight_counter(self, address: str) -> WeightCounter:
        counter = self._weights.get(address)
        if counter is None:
            counter = self._weights[address] = WeightCounter(self.limits, address)
        return counter

    def order_counter(self, account_id: str) -> OrderCounter:
        return self._orders[account_id]

    def count_orders(
        self, account_id: str, endpoint: Endpoint, headers: Headers, now_ms: int
    ) -> None:
        counter = self._orders[account_id]
        try:
            counter.take(endpoint.orders, now_ms)
        finally:
            ten_seconds, minute = counter.used(now_ms)
            headers["X-MBX-ORDER-COUNT-10S"] = str(ten_seconds)
            headers["X-MBX-ORDER-COUNT-1M"] = str(minute)

    # what faults ask for

    def expire_listen_key(self, account_id: str) -> None:
        """End the account's user stream as if nobody had kept it alive."""
        account, now_ms = self.exchange.accounts[account_id], self.now_ms()
        if account.books.listen_key:
            self._expire_listen_key(account, now_ms)
            self.commit(now_ms)

    def fill_limits(self, weight_left: int, orders_left: int) -> None:
        """Leave so much of every limit in its running window."""
        now_ms = self.now_ms()
        for weights in self._weights.values():
            weights.fill_up(weight_left, now_ms)
        for orders in self._orders.values():
            orders.fill_up(orders_left, now_ms)

    # time

    def step(self, now_ms: int) -> None:
        """Let time pass: markets, marks, expiries, timed streams. About every 50 ms."""
        exchange = self.exchange
        for market in exchange.markets.values():
            exchange.matching.step(market, now_ms)
        if now_ms - self._marked_ms >= _MARK_MS:
            self._marked_ms = now_ms
            exchange.on_marks(now_ms)
            self._liquidation.look(now_ms)
            settle_funding(exchange, now_ms)
        exchange.deadlines.on_time(now_ms)
        self._expire_listen_keys(now_ms)
        self.commit(now_ms)
        self.feed.on_time(now_ms)
        if now_ms - self._remembered_ms >= _REMEMBER_MS:
            self._remembered_ms = now_ms
            self.remember_markets()

    def _expire_listen_keys(self, now_ms: int) -> None:
        for account in self.listen_keys.expired(now_ms):
            self._expire_listen_key(account, now_ms)

    def _expire_listen_key(self, account: PaperAccount, now_ms: int) -> None:
        self._tell_expired(account, self.listen_keys.close(account), now_ms)
        self.exchange.keep(account.books)

    def _tell_expired(self, account: PaperAccount, key: str, now_ms: int) -> None:
        event = listen_key_expired(account.account_id, key, now_ms)
        self.hub.publish_user(key, event)
        self.hub.forget_key(key)

    # what was caused

    def commit(self, now_ms: int) -> None:
        """Set off what has been triggered; records to disk; events and prints to listeners."""
        self.algos.look(now_ms)
        records = self.exchange.take_records()
        if records:
            self._state.append(records)
        for event in self.exchange.take_events():
            self._tell(event)
        for market in self.exchange.markets.values():
            self.feed.after(market, now_ms)

    def _tell(self, event: UserEvent) -> None:
        key = self.exchange.accounts[event.account_id].books.listen_key
        if key:
            self.hub.publish_user(key, event)

    def remember_markets(self) -> None:
        """Write down where the markets stand, for the next run."""
        self._state.append(
            [
                MarketMark(
                    symbol=market.symbol,
                    price=str(market.last_price),
                    match_seq=market.book.match_seq,
                    agg_id=market.next_agg_id,
                )
                for market in self.exchange.markets.values()
            ]
        )

    @property
    def log(self) -> PaperLog:
        """The file behind it all, to be synced and made small beside the venue's work."""
        return self._state.log
