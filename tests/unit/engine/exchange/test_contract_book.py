from __future__ import annotations

from typing import Any

import pytest

from engine.errors import UnknownSymbol
from engine.exchange.contract_book import ContractBook
from engine.wire.rest_messages import ExchangeInfo

BTC = {
    "symbol": "BTCUSDT",
    "contractType": "PERPETUAL",
    "status": "TRADING",
    "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.10"}],
}


def _book(*changes: dict[str, Any]) -> ContractBook:
    return ContractBook(ExchangeInfo(symbols=[{**BTC, **change} for change in changes]))


def test_only_trading_perpetuals_are_instruments_but_all_are_described() -> None:
    book = _book(
        {},
        {"symbol": "BTCUSDT_261225", "contractType": "CURRENT_QUARTER"},
        {"symbol": "OLDUSDT", "status": "SETTLING"},
    )
    assert list(book.instruments) == ["BTCUSDT"]
    assert book.description("OLDUSDT")["status"] == "SETTLING"
    assert book.symbols == ("BTCUSDT", "BTCUSDT_261225", "OLDUSDT")


def test_an_unreadable_contract_is_left_out_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad_filter = [{"filterType": "PRICE_FILTER", "tickSize": "cheap"}]
    book = _book({}, {"symbol": "BAD1", "filters": bad_filter}, {"symbol": "BAD2", "filters": [1]})
    assert list(book.instruments) == ["BTCUSDT"]
    assert "BAD1" in caplog.text
    assert "BAD2" in caplog.text


def test_an_unknown_symbol_says_what_is_known() -> None:
    with pytest.raises(UnknownSymbol, match="BTCUSDT"):
        _book({}).description("BTCUSD")


def test_a_description_may_be_changed_without_harm() -> None:
    book = _book({})
    book.description("BTCUSDT")["symbol"] = "changed"
    assert book.description("BTCUSDT")["symbol"] == "BTCUSDT"
