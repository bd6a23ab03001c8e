"""A venue without sockets for random sessions: its time, its market and its end in our hand."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from engine.clock import FakeClock
from engine.paper.paper_account import AccountBooks, PaperAccount, Position, SymbolSettings
from engine.paper.paper_algo_orders import PaperAlgoOrder
from engine.paper.paper_state import StateFolder
from engine.paper.paper_streams import StreamConnection
from engine.paper.price_source import MakerCancel, MakerPlace
from engine.trading_types import Side
from tests.helpers.paper_bench import Bench, payload_of
from tests.proofs.event_replay import EventReplay
from tests.proofs.fifo_watch import FifoWatch
from tests.proofs.venue_audit import audit

ACCOUNTS = ("first", "second")
SYMBOLS = ("BTCUSDT", "ETHUSDT")
_LEVELS = 12


class BenchDriver:
    """Every call is checked: nothing refused may change anything."""

    can_move_time = True

    def __init__(self, seed: int, *, living: bool) -> None:
        memory = Path("/dev/shm")  # where there is one, no time is spent on syncing
        self._home = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        self._seed = seed
        self._living = living
        self._clock: FakeClock | None = None
        self._maker_key = 1_000_000
        self._makers: dict[str, list[int]] = {symbol: [] for symbol in SYMBOLS}
        self._open(fresh=True)
        self.replays = {name: EventReplay(self.call, name) for name in ACCOUNTS}

    def _open(self, *, fresh: bool) -> None:
        self._folder = StateFolder(Path(self._home.name))
        self.bench = Bench(
            self._folder,
            clock=self._clock,
            seed=self._seed,
            quiet_market=not self._living,
            fresh=fresh,
            symbols=SYMBOLS,
        )
        self._clock = self.bench.clock
        exchange = self.bench.venue.exchange
        self.watches = {name: FifoWatch(m.book) for name, m in exchange.markets.items()}
        self._frames: dict[str, list[bytes]] = {name: [] for name in ACCOUNTS}
        for name in ACCOUNTS:
            key = self.call("create_listen_key", name)["listenKey"]
            connection = StreamConnection(
                self.bench.venue.hub, "private", combined=False, send=self._frames[name].append
            )
            connection.listen(key)

    def close(self) -> None:
        self._folder.close()
        self._home.cleanup()

    def call(self, name: str, account: str, **params: object) -> Any:
        return self.bench.call(name, account, **params)

    def account(self, name: str) -> PaperAccount:
        return self.bench.venue.exchange.accounts[name]

    def now_ms(self) -> int:
        return self.bench.venue.now_ms()

    def last_price(self, symbol: str) -> Decimal:
        return self.bench.venue.exchange.markets[symbol].last_price

    def pass_time(self, seconds: float) -> None:
        """In pieces, so that the listenKeys live."""
        while seconds > 0:
            for name in ACCOUNTS:
                self.call("keep_listen_key", name)
            self.bench.pass_time(min(seconds, 1800.0))
            seconds -= 1800.0

    def move_market(self, symbol: str, ticks: int) -> None:
        """The makers of a quiet market go elsewhere, trading with what is in their way."""
        if self._living:
            return
        exchange = self.bench.venue.exchange
        market, now_ms = exchange.markets[symbol], self.bench.venue.now_ms()
        middle = max(_LEVELS + 1, market.last_ticks + ticks)
        actions: list[Any] = [MakerCancel(key) for key in self._makers[symbol]]
        if not self._makers[symbol]:
            actions = [MakerCancel(key) for key in range(1, 41)]  # those of the opening
        keys = []
        for level in range(_LEVELS):
            for side, price in ((Side.BUY, middle - level), (Side.SELL, middle + 1 + level)):
                self._maker_key += 1
                keys.append(self._maker_key)
                actions.append(MakerPlace(self._maker_key, side, price, 400))
        self._makers[symbol] = keys
        exchange.matching.start(market, actions, now_ms)
        market.index_price = market.spec.ticks_to_price(middle)
        self.bench.venue.commit(now_ms)
        self.bench.pass_time(1.0)

    def restart(self) -> None:
        """Killed, with nothing said or written any more, and started again on its file."""
        self.bench.venue.remember_markets()
        before = {name: self._memory(name) for name in ACCOUNTS}
        queues = self._queues()
        fills = self._fills()
        self._take_events()
        self._folder.close()
        with StateFolder(Path(self._home.name)) as folder:
            saved = folder.load(fresh=False)
        for name in ACCOUNTS:
            books = _books_text(saved.accounts[name])
            assert books == before[name][0], (books, before[name][0])
            algos = [a for a in saved.algos.values() if a.account_id == name and a.is_open]
            kept_algos = {a.algo_id: msgspec.json.encode(a) for a in algos}
            assert kept_algos == before[name][1], (kept_algos, before[name][1])
            kept = [o for o in saved.orders.values() if o.account_id == name and o.is_open]
            assert {o.order_id: msgspec.json.encode(o) for o in kept} == before[name][2]
        self._makers = {symbol: [] for symbol in SYMBOLS}
        self._open(fresh=False)
        triggered = [
            number
            for name in ACCOUNTS
            for number in before[name][1]
            if not self._algo(name, number).waits  # and never lost
        ]
        if self._fills() == fills and not triggered:
            assert self._queues() == queues, "a restart has changed the queue"
            for name in ACCOUNTS:
                assert self._memory(name)[2:] == before[name][2:], "a restart has changed something"
            self._take_events()
        else:  # the market has opened somewhere else, so start anew, as a client does
            self.replays = {name: EventReplay(self.call, name) for name in ACCOUNTS}

    def _algo(self, name: str, number: int) -> PaperAlgoOrder:
        found = self.bench.venue.algos.find(self.account(name), number, "")
        assert found is not None, f"the conditional order {number} is lost"
        return found

    def _memory(self, name: str) -> tuple[Any, ...]:
        account = self.account(name)
        algos = self.bench.venue.algos.open_of(account)
        rows = {
            order.order_id: order
            for rows in account.open_orders.values()
            for order in rows.values()
        }
        return (
            _books_text(account.books),
            {algo.algo_id: msgspec.json.encode(algo) for algo in algos},
            {number: msgspec.json.encode(order) for number, order in rows.items()},
            [msgspec.json.encode(fill) for s in SYMBOLS for fill in account.fills[s]],
            [msgspec.json.encode(row) for row in account.income],
            len(account.orders),
        )

    def _queues(self) -> dict[str, list[int]]:
        mine = {
            number
            for name in ACCOUNTS
            for rows in self.account(name).open_orders.values()
            for number in rows
        }
        return {symbol: watch.queue(mine) for symbol, watch in self.watches.items()}

    def _fills(self) -> int:
        return sum(len(self.account(name).fills[s]) for name in ACCOUNTS for s in SYMBOLS)

    def _take_events(self) -> None:
        for name, frames in self._frames.items():
            events = [payload_of(frame) for frame in frames]
            frames.clear()
            self.replays[name].take(events)

    def check(self) -> None:
        """Everything that must be true after every step."""
        self._take_events()
        for replay in self.replays.values():
            differences = replay.differences()
            assert not differences, differences
        audit(self.bench.venue)


def _books_text(books: AccountBooks) -> bytes:
    """Without the positions and settings that somebody has only looked at."""
    positions = {
        key: position
        for key, position in books.positions.items()
        if position != Position(symbol=position.symbol, side=position.side)
    }
    settings = {key: s for key, s in books.settings.items() if s != SymbolSettings()}
    return msgspec.json.encode(
        msgspec.structs.replace(books, positions=positions, settings=settings)
    )
