"""What may be asked of the paper exchange on the command line."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from engine.paper.contract_specs import CONTRACT_SPECS
from engine.paper.paper_build import DEFAULT_BALANCE, VenueSettings
from engine.paper.paper_pulse import SocketSettings
from engine.paper.paper_sources import SourceSettings


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    port: int
    state_dir: Path | None
    settings: VenueSettings
    sockets: SocketSettings
    sources: SourceSettings = SourceSettings()
    faults: Path | None = None
    clock_speed: float = 1.0


def parse_options(argv: Sequence[str] | None) -> ServerOptions:
    words = _parser().parse_args(argv)
    settings = VenueSettings(
        seed=time.time_ns() % 2**31 if words.seed is None else words.seed,
        symbols=words.symbols,
        balance=words.balance,
        fresh=words.fresh,
        new_keys=words.new_keys,
        quiet_market=words.quiet_market,
        unlimited=words.unlimited,
        verify=words.verify,
    )
    sockets = SocketSettings(
        ping_every_s=words.ping_every,
        pong_within_s=words.pong_within,
        life_s=words.connection_life,
    )
    return ServerOptions(
        port=words.port,
        state_dir=words.state_dir,
        settings=settings,
        sockets=sockets,
        faults=words.faults,
        clock_speed=words.clock_speed,
        sources=SourceSettings(replays=tuple(words.replay), speed=words.speed, mirror=words.mirror),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paper-server", description="The paper exchange on this computer's loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="0 = any free one (default)")
    parser.add_argument("--seed", type=int, default=None, help="of the synthetic market")
    parser.add_argument("--symbols", type=_symbols, default=tuple(CONTRACT_SPECS), metavar="A,B")
    parser.add_argument("--balance", type=_balance, default=DEFAULT_BALANCE, metavar="USDT")
    parser.add_argument("--fresh", action="store_true", help="start with a new account")
    parser.add_argument("--new-keys", action="store_true", help="make the accounts' keys anew")
    parser.add_argument("--quiet-market", action="store_true", help="nobody else trades")
    parser.add_argument("--state-dir", type=Path, default=None, metavar="DIR")
    parser.add_argument("--unlimited", action="store_true", help="no request or order limits")
    parser.add_argument("--verify", action="store_true", help="check the books at every fill")
    _add_sources(parser)
    parser.add_argument(
        "--faults", type=Path, default=None, metavar="FILE", help="faults to play (YAML or JSON)"
    )
    parser.add_argument(
        "--clock-speed",
        type=float,
        default=1.0,
        metavar="X",
        help="the exchange's whole time goes so much faster, for long trials (default 1)",
    )
    venues = SocketSettings()
    for name, default, what in (
        ("--ping-every", venues.ping_every_s, "between pings on a WebSocket"),
        ("--pong-within", venues.pong_within_s, "until a WebSocket without a pong is closed"),
        ("--connection-life", venues.life_s, "until any WebSocket is closed"),
    ):
        parser.add_argument(name, type=float, default=default, metavar="SECONDS", help=what)
    return parser


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replay",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="play the trades of a public aggTrades file (csv or zip); once per contract",
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="of replays, 1 to 100 (default 1)"
    )
    parser.add_argument(
        "--mirror", default="", metavar="URL", help="follow the streams of another venue"
    )


def _symbols(text: str) -> tuple[str, ...]:
    symbols = tuple(dict.fromkeys(part.strip().upper() for part in text.split(",") if part.strip()))
    unknown = [symbol for symbol in symbols if symbol not in CONTRACT_SPECS]
    if unknown or not symbols:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown) or 'nothing'} is not listed; choose from "
            f"{', '.join(CONTRACT_SPECS)}"
        )
    return symbols


def _balance(text: str) -> Decimal:
    try:
        balance = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount") from None
    if not balance.is_finite() or not 0 <= balance <= Decimal(10) ** 12:
        raise argparse.ArgumentTypeError("choose an amount from 0 to 1000000000000")
    return balance.quantize(Decimal("0.00000001"))
