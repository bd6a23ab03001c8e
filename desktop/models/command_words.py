"""A command as a sentence for a person, and as the call that a script would make. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from desktop.formatting import price_text, quantity_text
from desktop.models.conditional_rules import type_words
from engine.commands import Command, PlaceOrder
from engine.market.instruments import Instrument
from engine.protection_commands import (
    PlaceAlgo,
    PlaceBracket,
    ReversePosition,
    StartChase,
    StartScaled,
    StartTwap,
)
from engine.strategy_commands import StartStrategy
from engine.trading_types import OrderType, TimeInForce
from engine.utils.decimals import plain

_TIME_WORDS = {TimeInForce.GTX: "post-only", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}


def command_words(  # noqa: PLR0911 (one per kind)
    command: Command, instruments: Mapping[str, Instrument]
) -> str:
    """What an order would do; of other commands the call."""
    match command:
        case PlaceOrder():
            return order_words(command, instruments.get(command.symbol))
        case PlaceBracket():
            return _bracket_words(command, instruments.get(command.symbol))
        case PlaceAlgo():
            return _algo_words(command, instruments.get(command.symbol))
        case ReversePosition():
            return f"Reverse {command.symbol}: close at market, then the same size the other way"
        case StartChase() | StartScaled() | StartTwap():
            kind = type(command).__name__.removeprefix("Start").lower()
            size = _size(command.quantity, instruments.get(command.symbol), command.symbol)
            return f"{command.side} {size} by {kind}"
        case StartStrategy():
            symbols = ", ".join(command.symbols)
            return f"Start the strategy {command.file} on {symbols}: it sends orders by itself"
    return call_text(command)


def order_words(order: PlaceOrder, rules: Instrument | None) -> str:
    """BUY 0.120 BTC at 64,246.0, post-only."""
    words = [f"{order.side} {_size(order.quantity, rules, order.symbol)} {_at(order.price, rules)}"]
    if order.time_in_force in _TIME_WORDS and order.type is OrderType.LIMIT:
        words.append(_TIME_WORDS[order.time_in_force])
    if order.reduce_only:
        words.append("reduce-only")
    return ", ".join(words)


def _bracket_words(bracket: PlaceBracket, rules: Instrument | None) -> str:
    size = _size(bracket.quantity, rules, bracket.symbol)
    words = [f"{bracket.side} {size} {_at(bracket.price, rules)}"]
    if bracket.time_in_force in _TIME_WORDS and bracket.price is not None:
        words.append(_TIME_WORDS[bracket.time_in_force])
    if bracket.stop_price is not None:
        words.append(f"stop {price_text(bracket.stop_price, rules)}")
    if bracket.target_price is not None:
        words.append(f"target {price_text(bracket.target_price, rules)}")
    return ", ".join(words)


def _algo_words(algo: PlaceAlgo, rules: Instrument | None) -> str:
    words = [f"{type_words(algo.type)}: {algo.side}"]
    if algo.quantity is not None:
        words[0] += f" {_size(algo.quantity, rules, algo.symbol)}"
    if algo.callback_pct is not None:
        words.append(f"callback {plain(algo.callback_pct)} %")
    trigger = algo.trigger_price or algo.activate_price
    if trigger is not None:
        words.append(f"once the price reaches {price_text(trigger, rules)}")
    if algo.price is not None:
        words.append(f"at {price_text(algo.price, rules)}")
    if algo.reduce_only:
        words.append("reduce-only")
    return ", ".join(words)


def _size(quantity: Decimal, rules: Instrument | None, symbol: str) -> str:
    return f"{quantity_text(quantity, rules)} {rules.base_asset if rules else symbol}"


def _at(price: Decimal | None, rules: Instrument | None) -> str:
    return "at market" if price is None else f"at {price_text(price, rules)}"


def call_text(command: Command) -> str:
    """`PlaceOrder(symbol="BTCUSDT", ...)`: what says something, as a script writes it."""
    values = command.__struct_defaults__
    with_default = command.__struct_fields__[-len(values) :]
    defaults = dict(zip(with_default, values, strict=True))
    parts = [
        f"{name}={_literal(value)}"
        for name in command.__struct_fields__
        if name != "request_id" and (value := getattr(command, name)) != defaults.get(name)
    ]
    return f"{type(command).__name__}({', '.join(parts)})"


def _literal(value: object) -> str:
    if isinstance(value, StrEnum):
        return f"{type(value).__name__}.{value.name}"
    return f'Decimal("{value:f}")' if isinstance(value, Decimal) else repr(value)
