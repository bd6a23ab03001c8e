"""Every error Perpdesk raises.

PerpdeskError
├── ConfigError            a setting is wrong: names the key and the fix
├── CredentialsError       no key, or one that cannot be read
├── BadInput               a value a person or script gave; names the field and the fix
│   └── OrderNotAllowed    found wrong by our own checks before anything was sent
├── UnknownSymbol          the venue has no such symbol
├── VenueError             the venue answered no; carries code, text, HTTP status
│   ├── OrderRefused       definitely not executed
│   │   ├── MinNotional        API_ORDER_MIN_NOTIONAL
│   │   ├── InsufficientBalance INSUFFICIENT_BALANCE
│   │   └── InvalidLeverage    INVALID_LEVERAGE
│   ├── KeyRefused         key, permission or IP: trading must stop
│   ├── ClockRefused       our time is outside the venue's window
│   ├── RateLimited        wait `retry_after_s`
│   └── TemporarilyRefused not executed, worth trying again
├── OutcomeUnknown         sent; nobody knows whether it was executed. Never re-send
├── NotConnected           could not be sent at all: nothing was executed
├── JournalError           the journal cannot be written or read
├── PaperExchangeError     the embedded exchange did not start or died
├── ShuttingDown           the engine is closing; nothing was sent
└── BugError               our own mistake: a state that cannot happen

Foreign errors (sockets, HTTP, SQLite, YAML) are translated into these where
they enter and never leave the module that met them.
"""

from __future__ import annotations


class PerpdeskError(Exception):
    """Base of all. `str(error)` is a sentence for a person."""


class ConfigError(PerpdeskError):
    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(f"{key}: {sentence}" if key else sentence)
        self.key = key


class CredentialsError(PerpdeskError):
    pass


class BadInput(PerpdeskError):
    """`field` names the input, `fix` is a corrected value as text or None."""

    def __init__(self, field: str, sentence: str, fix: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field
        self.fix = fix


class OrderNotAllowed(BadInput):
    pass


class UnknownSymbol(PerpdeskError):
    def __init__(self, symbol: str, known: tuple[str, ...] = ()) -> None:
        hint = f" Known here: {', '.join(known[:8])}." if known else ""
        super().__init__(f"The exchange has no symbol {symbol!r}.{hint}")
        self.symbol = symbol


class VenueError(PerpdeskError):
    """The venue's own no. `code` is its error code, 0 if it gave none."""

    name = ""

    def __init__(self, code: int, text: str, http_status: int = 0) -> None:
        label = f"{self.name}: " if self.name else ""
        super().__init__(f"{label}{text} (code {code})" if code else f"{label}{text}")
        self.code = code
        self.text = text
        self.http_status = http_status


class OrderRefused(VenueError):
    pass


class MinNotional(OrderRefused):
    name = "API_ORDER_MIN_NOTIONAL"


class InsufficientBalance(OrderRefused):
    name = "INSUFFICIENT_BALANCE"


class InvalidLeverage(OrderRefused):
    name = "INVALID_LEVERAGE"


class KeyRefused(VenueError):
    pass


class ClockRefused(VenueError):
    pass


class RateLimited(VenueError):
    def __init__(
        self, code: int, text: str, http_status: int = 429, retry_after_s: float = 0.0
    ) -> None:
        super().__init__(code, text, http_status)
        self.retry_after_s = retry_after_s


class TemporarilyRefused(VenueError):
    pass


class OutcomeUnknown(PerpdeskError):
    pass


class NotConnected(PerpdeskError):
    pass


class JournalError(PerpdeskError):
    pass


class PaperExchangeError(PerpdeskError):
    pass


class ShuttingDown(PerpdeskError):
    pass


class BugError(PerpdeskError):
    pass
