"""The documents' pictures, taken by the program itself.

A script trades on a paper exchange; the window joins the same account and takes
its own picture, at each size that the documents show.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from engine.config import default_config
from engine.market.instruments import Instrument
from engine.trading_engine import TradingEngine
from tests.pictures.gallery import take_gallery

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "resources" / "help" / "images"
SIZES = ("1280x720", "1440x900")
SECONDS = "12"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.pictures",
        description="Take the documents' pictures of the window, into resources/help/images.",
    )
    kinds = parser.add_subparsers(dest="kind")
    gallery = kinds.add_parser("gallery", help="every panel and state instead, for people to judge")
    gallery.add_argument("folder", type=Path, metavar="FOLDER", help="where the pictures go")
    given = parser.parse_args()
    if given.kind == "gallery":
        take_gallery(given.folder)
        return 0
    return take_documents()


def take_documents() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        TradingEngine.open("paper", config=default_config(), user_data=folder) as engine,
    ):
        trade(engine)
        for size in SIZES:
            take(Path(folder), size)
    # a process of its own: the program must not see this one's widgets
    return subprocess.run(
        [sys.executable, "-m", "tests.pictures.once"], cwd=ROOT, check=False
    ).returncode


def trade(engine: TradingEngine) -> None:
    """A long position, a short one, and orders on both sides of the market."""
    price = engine.market.wait_for_price("BTCUSDT")
    assert price is not None
    rules = engine.instrument("BTCUSDT")
    oms = engine.oms
    oms.wait(oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.150"), timeout_s=5)
    oms.wait(oms.submit_order("ETHUSDT", "SELL", "MARKET", "2"), timeout_s=5)
    for share, side, quantity in (
        ("0.9999", "BUY", "0.040"),
        ("0.9995", "BUY", "0.080"),
        ("1.0002", "SELL", "0.050"),
        ("1.0008", "SELL", "0.100"),
    ):
        oms.submit_order("BTCUSDT", side, "LIMIT", quantity, near(rules, price, share))
    given_up = oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.010", near(rules, price, "0.98"))
    oms.cancel_order(given_up)


def near(rules: Instrument, price: float, share: str) -> str:
    return rules.price_text(rules.round_price(Decimal(repr(price)) * Decimal(share)))


def take(folder: Path, size: str) -> None:
    file = IMAGES / f"window-{size}.png"
    words = ["--user-data", str(folder), "--screenshot", str(file)]
    subprocess.run(
        [sys.executable, "-m", "desktop", *words, "--after", SECONDS, "--size", size],
        check=True,
        cwd=ROOT,
    )
    print(f"{file.relative_to(ROOT)} {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    sys.exit(main())
