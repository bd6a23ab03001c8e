"""Price alerts: fired once, by what really was traded, kept in a file per symbol."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from desktop.models.price_alert_store import PriceAlertStore
from desktop.models.price_alerts import PriceAlerts
from engine.views import Candle

D = Decimal
CANDLE = Candle(
    open_ms=0, close_ms=59_999, open=100.0, high=106.0, low=94.0, close=100.0, volume=1.0
)


def candle(**changes: float) -> Candle:
    return msgspec.structs.replace(CANDLE, **changes)


@pytest.fixture
def alerts() -> PriceAlerts:
    return PriceAlerts()


@pytest.mark.parametrize(
    ("price", "prices", "fires_at"),
    [("105", (104.9, 105.0), 1), ("105", (104.0, 110.0), 1), ("95", (95.1, 95.0), 1)],
)
def test_it_fires_when_the_price_reaches_it_from_its_side(
    alerts: PriceAlerts, price: str, prices: tuple[float, float], fires_at: int
) -> None:
    made = alerts.add("BTCUSDT", D(price), 100.0)
    fired = [alerts.at_price("BTCUSDT", now) for now in prices]
    assert fired[fires_at] == [made]
    assert fired[0] == []


def test_it_fires_once_and_is_gone(alerts: PriceAlerts) -> None:
    alerts.add("BTCUSDT", D(105), 100.0)
    assert len(alerts.at_price("BTCUSDT", 105.0)) == 1
    assert alerts.at_price("BTCUSDT", 105.0) == []
    assert alerts.of("BTCUSDT") == ()


def test_another_symbols_price_fires_nothing(alerts: PriceAlerts) -> None:
    alerts.add("BTCUSDT", D(105), 100.0)
    assert alerts.at_price("ETHUSDT", 200.0) == []


def test_at_the_present_price_there_is_nothing_to_wait_for(alerts: PriceAlerts) -> None:
    assert alerts.add("BTCUSDT", D(100), 100.0) is None
    assert alerts.of("BTCUSDT") == ()


def test_moved_across_the_price_it_waits_from_the_other_side(alerts: PriceAlerts) -> None:
    made = alerts.add("BTCUSDT", D(105), 100.0)
    assert made is not None
    moved = alerts.move(made, D(95), 100.0)
    assert moved is not None
    assert not moved.from_below
    assert alerts.of("BTCUSDT") == (moved,)
    assert alerts.at_price("BTCUSDT", 106.0) == []


def test_a_wick_between_two_messages_fires(alerts: PriceAlerts) -> None:
    alerts.at_candle("BTCUSDT", CANDLE)
    alerts.add("BTCUSDT", D(108), 100.0)
    alerts.add("BTCUSDT", D(92), 100.0)
    assert len(alerts.at_candle("BTCUSDT", candle(high=109.0, low=91.0))) == 2


def test_a_high_from_before_the_alert_fires_nothing(alerts: PriceAlerts) -> None:
    alerts.at_candle("BTCUSDT", CANDLE)
    alerts.add("BTCUSDT", D(105), 100.0)
    assert alerts.at_candle("BTCUSDT", candle(close=101.0)) == []
    # a candle that was not seen before, as after a gap or with another interval
    alerts.forget_candle("BTCUSDT")
    assert alerts.at_candle("BTCUSDT", CANDLE) == []


def test_all_of_a_new_candle_is_new(alerts: PriceAlerts) -> None:
    alerts.at_candle("BTCUSDT", CANDLE)
    alerts.add("BTCUSDT", D(105), 100.0)
    assert alerts.at_candle("BTCUSDT", candle(open_ms=-60_000)) == []  # a late old one
    assert len(alerts.at_candle("BTCUSDT", candle(open_ms=60_000))) == 1


def test_the_last_word_of_a_closed_candle_counts_after_the_next_ones_first(
    alerts: PriceAlerts,
) -> None:
    alerts.at_candle("BTCUSDT", CANDLE)
    alerts.at_candle("BTCUSDT", candle(open_ms=60_000))
    alerts.add("BTCUSDT", D(108), 100.0)
    assert len(alerts.at_candle("BTCUSDT", candle(high=109.0))) == 1


# --- the files -------------------------------------------------------------------


def kept(folder: Path) -> PriceAlerts:
    alerts = PriceAlerts()
    PriceAlertStore(folder).load(alerts)
    return alerts


def test_alerts_come_back_exactly_and_by_symbol(alerts: PriceAlerts, tmp_path: Path) -> None:
    alerts.add("BTCUSDT", D("64000.10"), 100.0)
    alerts.add("币/USDT", D("0.000012"), 100.0)
    store = PriceAlertStore(tmp_path / "chart")
    for symbol in ("BTCUSDT", "币/USDT"):
        store.save(symbol, alerts.of(symbol))
    again = kept(tmp_path / "chart")
    (btc,) = again.of("BTCUSDT")
    (other,) = again.of("币/USDT")
    assert (str(btc.price), btc.from_below) == ("64000.10", True)
    assert (str(other.price), other.from_below) == ("0.000012", False)


def test_one_crossed_while_the_program_was_closed_fires_at_the_next_price(
    alerts: PriceAlerts, tmp_path: Path
) -> None:
    alerts.add("BTCUSDT", D(105), 100.0)
    PriceAlertStore(tmp_path).save("BTCUSDT", alerts.of("BTCUSDT"))
    assert len(kept(tmp_path).at_price("BTCUSDT", 120.0)) == 1


def test_no_alert_left_is_no_file(alerts: PriceAlerts, tmp_path: Path) -> None:
    made = alerts.add("BTCUSDT", D(105), 100.0)
    assert made is not None
    store = PriceAlertStore(tmp_path)
    store.save("BTCUSDT", alerts.of("BTCUSDT"))
    alerts.remove(made)
    store.save("BTCUSDT", alerts.of("BTCUSDT"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", '{"symbol":"X","alerts":[{"price":"abc"}]}'])
def test_a_damaged_file_costs_only_itself(
    alerts: PriceAlerts, tmp_path: Path, content: str
) -> None:
    alerts.add("BTCUSDT", D(105), 100.0)
    PriceAlertStore(tmp_path).save("BTCUSDT", alerts.of("BTCUSDT"))
    (tmp_path / "alerts-AAA.json").write_text(content, encoding="utf-8")
    assert len(kept(tmp_path).of("BTCUSDT")) == 1


def test_a_price_that_is_none_is_left_out(tmp_path: Path) -> None:
    alerts = ",".join(f'{{"price":"{price}","from_below":true}}' for price in ("NaN", "-1", "0"))
    text = f'{{"symbol":"X","alerts":[{alerts}]}}'
    (tmp_path / "alerts-X.json").write_text(text, encoding="utf-8")
    assert kept(tmp_path).of("X") == ()


def test_a_folder_that_cannot_be_written_costs_only_the_memory(
    alerts: PriceAlerts, tmp_path: Path
) -> None:
    alerts.add("BTCUSDT", D(105), 100.0)
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    store = PriceAlertStore(blocked)
    store.save("BTCUSDT", alerts.of("BTCUSDT"))
    store.save("BTCUSDT", ())
    assert kept(blocked).of("BTCUSDT") == ()
