"""Putting a paper venue together: markets, accounts and what an earlier run left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

import msgspec

from engine.clock import Clock
from engine.paper.candle_history import CandleHistory
from engine.paper.contract_specs import CONTRACT_SPECS, contract_spec
from engine.paper.matching_book import MatchingBook
from engine.paper.paper_account import ACCOUNT_IDS, AccountBooks, PaperAccount
from engine.paper.paper_algo_service import AlgoService
from engine.paper.paper_auth import ApiKey, KeyRing
from engine.paper.paper_exchange import PaperExchange
from engine.paper.paper_limits import LimitSettings
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_state import AccountKeys, SavedState, StateFolder
from engine.paper.paper_venue import PaperVenue
from engine.paper.price_source import PriceSource
from engine.paper.synthetic_market import STEP_MS, SyntheticMarket, quiet_book

DEFAULT_BALANCE = Decimal(10_000)
_IDS_PER_MS = 4  # order ids start from the time, so that they rise across runs
_TRADE_IDS_SINCE_MS = 1_500_000_000_000
_MS_PER_TRADE_ID = 10
_UNSAVED_TRADES = 10_000  # ids that a killed run may have used after its last note
_WARM_UP_MS = 5000
_NO_LIMIT = 100_000_000
_UNLIMITED = LimitSettings(
    weight_per_minute=_NO_LIMIT,
    orders_per_minute=_NO_LIMIT,
    orders_per_ten_seconds=_NO_LIMIT,
)


class VenueSettings(msgspec.Struct, frozen=True, kw_only=True):
    seed: int
    symbols: tuple[str, ...] = tuple(CONTRACT_SPECS)
    balance: Decimal = DEFAULT_BALANCE
    fresh: bool = False
    new_keys: bool = False
    quiet_market: bool = False
    unlimited: bool = False
    verify: bool = False

    @property
    def limits(self) -> LimitSettings:
        return _UNLIMITED if self.unlimited else LimitSettings()


def build_venue(
    settings: VenueSettings,
    folder: StateFolder,
    clock: Clock,
    sources: Mapping[str, PriceSource] = MappingProxyType({}),
) -> tuple[PaperVenue, list[AccountKeys]]:
    """A venue ready to serve, and its keys, the default account's first.

    Symbols without one of the `sources` have the synthetic market. Raises
    UnknownSymbol for a symbol that is not listed.
    """
    now_ms = clock.now_ms()
    saved = folder.load(fresh=settings.fresh)
    keys = folder.keys(ACCOUNT_IDS, anew=settings.new_keys)
    markets = {
        symbol: _market(symbol, settings, saved, sources.get(symbol), now_ms)
        for symbol in _listed(settings, saved, sources)
    }
    accounts = [_account(account_id, settings, saved, now_ms) for account_id in ACCOUNT_IDS]
    exchange = PaperExchange(
        markets,
        accounts,
        next_id=max(now_ms * _IDS_PER_MS, saved.highest_id()),
        verify=settings.verify,
    )
    _restore(exchange, saved)
    for account in accounts:
        if account.account_id not in saved.accounts:
            _open_account(exchange, account, now_ms)
    for market in markets.values():
        _open_market(exchange, market, now_ms)
    exchange.on_marks(now_ms)
    algos = AlgoService(exchange)
    for algo in saved.algos.values():
        algos.restore(algo)
    venue = PaperVenue(exchange, algos, _ring(keys), folder, clock, settings.limits)
    venue.commit(now_ms)
    venue.remember_markets()
    return venue, keys


def _ring(keys: list[AccountKeys]) -> KeyRing:
    return KeyRing(
        [ApiKey(k.api_key, k.account_id, k.api_secret) for k in keys]
        + [ApiKey(k.ed25519_api_key, k.account_id, k.ed25519_private_key) for k in keys]
    )


def _open_market(exchange: PaperExchange, market: PaperMarket, now_ms: int) -> None:
    """Fill the book; the synthetic market has traded for a few seconds when the doors open."""
    if market.source is None:
        exchange.matching.start(market, quiet_book(market.opening_spec), now_ms)
        return
    if not isinstance(market.source, SyntheticMarket):
        exchange.matching.start(market, market.source.start(market.book, now_ms), now_ms)
        return
    actions = market.source.start(market.book, now_ms - _WARM_UP_MS)
    exchange.matching.start(market, actions, now_ms - _WARM_UP_MS)
    for time_ms in range(now_ms - _WARM_UP_MS, now_ms, STEP_MS):
        exchange.matching.step(market, time_ms + STEP_MS)


def _listed(settings: VenueSettings, saved: SavedState, sources: Iterable[str]) -> list[str]:
    """The symbols asked for, and those in which somebody still holds something."""
    held = {order.symbol for order in saved.orders.values() if order.is_open}.union(sources)
    for books in saved.accounts.values():
        held.update(position.symbol for position in books.positions.values() if position.amount)
    wanted = [contract_spec(symbol).symbol for symbol in settings.symbols]
    return wanted + sorted(held.difference(wanted))


def _market(
    symbol: str,
    settings: VenueSettings,
    saved: SavedState,
    source: PriceSource | None,
    now_ms: int,
) -> PaperMarket:
    spec, mark = contract_spec(symbol), saved.markets.get(symbol)
    if settings.unlimited:
        spec = msgspec.structs.replace(spec, max_num_orders=_NO_LIMIT)
    # a kept account must not live the same hour again at each start
    seed = settings.seed if settings.fresh else f"{settings.seed}:{now_ms}"
    first_id = (now_ms - _TRADE_IDS_SINCE_MS) // _MS_PER_TRADE_ID
    match_seq, agg_id = first_id, first_id // 2
    if mark is not None:
        match_seq = max(match_seq, mark.match_seq + _UNSAVED_TRADES)
        agg_id = max(agg_id, mark.agg_id + _UNSAVED_TRADES)
        spec_now = msgspec.structs.replace(spec, base_price=Decimal(mark.price))
    else:
        spec_now = spec
    if source is not None:
        opening = source.index_price() // spec.tick_size * spec.tick_size
        spec_now = msgspec.structs.replace(spec, base_price=opening)
    elif not settings.quiet_market:
        source = SyntheticMarket(spec_now, seed)
    return PaperMarket(
        spec,
        MatchingBook(match_seq=match_seq, update_id=now_ms * _IDS_PER_MS),
        CandleHistory(spec_now, seed, now_ms - _WARM_UP_MS),
        source,
        first_agg_id=agg_id,
        opening_spec=spec_now,
        now_ms=now_ms,
    )


def _account(
    account_id: str, settings: VenueSettings, saved: SavedState, now_ms: int
) -> PaperAccount:
    books = saved.accounts.get(account_id)
    if books is None:
        books = AccountBooks(
            account_id=account_id,
            alias=f"Paper{account_id.title()}",
            wallet=settings.balance,
            deposits=settings.balance,
            updated_ms=now_ms,
        )
    return PaperAccount(books)


def _open_account(exchange: PaperExchange, account: PaperAccount, now_ms: int) -> None:
    exchange.keep(account.books)
    exchange.ledger.add_income(account, "TRANSFER", account.books.deposits, now_ms)


def _restore(exchange: PaperExchange, saved: SavedState) -> None:
    """People's orders go into the book first: they have waited longest."""
    accounts = exchange.accounts
    for order in sorted(saved.orders.values(), key=lambda order: order.order_id):
        account = accounts[order.account_id]
        if order.is_open:
            account.orders[order.symbol, order.order_id] = order  # its place among all of them
        else:
            account.add_order(order)
    exchange.resting.restore_all(
        order
        for order in saved.orders.values()
        if order.is_open and order.symbol in exchange.markets
    )
    for fill in saved.fills:
        accounts[fill.account_id].fills[fill.symbol].append(fill)
    for row in saved.income:
        accounts[row.account_id].income.append(row)
    for change in saved.amendments:
        accounts[change.account_id].amendments.append(change)
    for moved in saved.margin_changes:
        accounts[moved.account_id].margin_changes.append(moved)
    for order in saved.orders.values():
        if order.type == "LIQUIDATION":
            accounts[order.account_id].forced.append(order)
