from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.events import (
    BalanceChanged,
    Event,
    PositionChanged,
)
from engine.oms.position_tracker import PositionTracker
from engine.trading_types import PositionSide
from engine.views import BalanceView, PositionView
from tests.helpers.account_words import account_update, balance_report, position_report

D = Decimal


class Account:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.tracker = PositionTracker(self.events.append)

    def report(
        self,
        quantity: str,
        *,
        at: int,
        entry: str = "60000",
        side: PositionSide = PositionSide.BOTH,
        wallet: str = "1000",
    ) -> None:
        position = position_report(
            quantity,
            position_side=side,
            entry_price=D(entry),
            break_even_price=D(entry),
            realized_pnl=D(3),
            unrealized_pnl=D(1),
        )
        self.tracker.apply_account_update(
            account_update(at, positions=(position,), balances=(balance_report(wallet),))
        )

    def quantity(self, side: PositionSide = PositionSide.BOTH) -> D:
        view = self.tracker.position("BTCUSDT", side)
        assert view is not None
        return view.quantity


def read_position(quantity: str, *, at: int, **changes: object) -> PositionView:
    view = PositionView(
        symbol="BTCUSDT",
        position_side=PositionSide.BOTH,
        quantity=D(quantity),
        entry_price=D(60000),
        liquidation_price=D(50000),
        leverage=10,
        updated_at=at,
    )
    return replace(view, **changes)


@pytest.fixture
def account() -> Account:
    return Account()


def test_the_streams_word_is_taken_and_published(account: Account) -> None:
    account.report("0.5", at=100, wallet="999.5")
    assert account.quantity() == D("0.5")
    balance = account.tracker.balance("USDT")
    assert balance is not None
    assert balance.wallet_balance == D("999.5")
    assert [type(e) for e in account.events] == [PositionChanged, BalanceChanged]


def test_an_older_word_is_dropped(account: Account) -> None:
    account.report("0.5", at=100)
    account.report("0.2", at=99, wallet="1")
    assert account.quantity() == D("0.5")
    balance = account.tracker.balance("USDT")
    assert balance is not None
    assert balance.wallet_balance == 1000


def test_long_and_short_are_two_positions(account: Account) -> None:
    account.report("0.5", at=100, side=PositionSide.LONG)
    account.report("-0.2", at=101, side=PositionSide.SHORT)
    assert account.quantity(PositionSide.LONG) == D("0.5")
    assert account.quantity(PositionSide.SHORT) == D("-0.2")
    assert len(account.tracker.positions()) == 2


def test_a_flat_position_is_not_listed(account: Account) -> None:
    account.report("0.5", at=100)
    account.report("0", at=101)
    assert account.tracker.positions() == []


@pytest.mark.parametrize(
    ("quantity", "mark", "expected"), [("0.5", 60100, 50), ("-2", 60100, -200)]
)
def test_unrealized_pnl_is_taken_at_the_mark_price(
    account: Account, quantity: str, mark: int, expected: int
) -> None:
    account.report(quantity, at=100)
    assert account.tracker.unrealized_pnl("BTCUSDT", D(mark)) == expected
    assert account.tracker.unrealized_pnl("ETHUSDT", D(mark)) == 0


def test_the_liquidation_price_of_another_size_is_not_kept(account: Account) -> None:
    tracker = account.tracker
    tracker.apply_positions([read_position("0.5", at=100)], tracker.stamp())
    account.report("0.5", at=110)
    kept = tracker.position("BTCUSDT")
    assert kept is not None
    assert kept.liquidation_price == 50000
    assert kept.leverage == 10
    account.report("0.7", at=120)
    changed = tracker.position("BTCUSDT")
    assert changed is not None
    assert changed.liquidation_price == 0


def test_a_snapshot_never_overwrites_what_came_while_it_was_on_its_way(account: Account) -> None:
    stamp = account.tracker.stamp()
    account.report("0.5", at=100, wallet="900")
    assert account.tracker.apply_positions([], stamp) == []
    balance = BalanceView(asset="USDT", wallet_balance=D(1000), updated_at=100)
    account.tracker.apply_balances([balance], stamp)
    assert account.quantity() == D("0.5")
    kept = account.tracker.balance("USDT")
    assert kept is not None
    assert kept.wallet_balance == 900


def test_a_snapshot_without_a_position_makes_it_flat(account: Account) -> None:
    account.report("0.5", at=100)
    differences = account.tracker.apply_positions([], account.tracker.stamp())
    assert account.quantity() == 0
    assert differences == ["position BTCUSDT 0.5 -> 0"]


def test_a_snapshot_with_another_size_says_so(account: Account) -> None:
    account.report("0.5", at=100)
    found = account.tracker.apply_positions([read_position("0.8", at=120)], account.tracker.stamp())
    assert found == ["position BTCUSDT 0.5 -> 0.8"]


def test_leverage_follows_the_venue_and_shows_in_the_position(account: Account) -> None:
    account.tracker.apply_leverage("BTCUSDT", 20)
    account.report("0.5", at=100)
    account.tracker.apply_leverage("BTCUSDT", 25)
    view = account.tracker.position("BTCUSDT")
    assert view is not None
    assert view.leverage == account.tracker.leverage("BTCUSDT") == 25
