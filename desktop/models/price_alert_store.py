"""Price alerts between runs: one small file for each symbol that has any."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import msgspec

from desktop.kept_file import KeptFile
from desktop.models.price_alerts import PriceAlert, PriceAlerts

logger = logging.getLogger(__name__)

_PREFIX = "alerts-"


class _KeptAlert(msgspec.Struct):
    price: Decimal
    from_below: bool


class _KeptAlerts(msgspec.Struct):
    symbol: str
    alerts: list[_KeptAlert]


class PriceAlertStore:
    """GUI thread; a damaged file is a notice in the log and left alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, into: PriceAlerts) -> None:
        for path in sorted(self._folder.glob(f"{_PREFIX}*.json")):
            content = KeptFile(path).read()
            if content is None:
                continue
            try:
                kept = msgspec.json.decode(content, type=_KeptAlerts)
            except msgspec.DecodeError:
                logger.warning("alert file is damaged file=%s", path)
                continue
            for alert in kept.alerts:
                if alert.price.is_finite() and alert.price > 0:
                    into.put(kept.symbol, alert.price, from_below=alert.from_below)

    def save(self, symbol: str, alerts: Sequence[PriceAlert]) -> None:
        """No alert left: no file."""
        # contracts may have names in any script: safe in a file name on every system
        file = KeptFile(self._folder / f"{_PREFIX}{quote(symbol, safe='')}.json")
        if not alerts:
            file.remove()
            return
        kept = [_KeptAlert(alert.price, alert.from_below) for alert in alerts]
        file.write(msgspec.json.encode(_KeptAlerts(symbol, kept)))
