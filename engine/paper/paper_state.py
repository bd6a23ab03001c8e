"""The venue's memory: an append-only file that survives being killed.

Every answer waits until its records were handed to the operating system in one
write, so that killing the server at any instant loses nothing that was
acknowledged; the disk itself is synced about once a second and at the end. A
torn last line is left out when reading. At each start, and whenever it has
grown, the file is rewritten with the newest state of every thing.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from engine.errors import PaperExchangeError
from engine.paper.paper_account import AccountBooks
from engine.paper.paper_algo_orders import ALGO_IDS, PaperAlgoOrder
from engine.paper.paper_log import PaperLog
from engine.paper.paper_orders import Amendment, IncomeRow, MarginChange, PaperFill, PaperOrder
from engine.wire.signing import new_ed25519_pem

logger = logging.getLogger(__name__)

_Key = TypeVar("_Key")
_Thing = TypeVar("_Thing")

_KEPT_ROWS = 50_000
_PRUNED_EVERY = 20_000
_LOG = "paper-exchange.jsonl"
_KEYS = "paper-keys.json"
_LOCK = "paper-exchange.lock"


class MarketMark(msgspec.Struct, frozen=True, tag_field="k", tag="market", kw_only=True):
    """Where a market stood, so that the next run goes on from there."""

    symbol: str
    price: str
    match_seq: int
    agg_id: int


Record = (
    AccountBooks
    | PaperOrder
    | PaperFill
    | IncomeRow
    | Amendment
    | MarginChange
    | PaperAlgoOrder
    | MarketMark
)


class AccountKeys(msgspec.Struct, frozen=True, kw_only=True):
    """An HMAC key, and an Ed25519 one as the order socket's logon asks for (PEM)."""

    account_id: str
    api_key: str
    api_secret: str
    ed25519_api_key: str
    ed25519_private_key: str


class SavedState(msgspec.Struct, kw_only=True):
    """What an earlier run left, each thing in its newest state."""

    accounts: dict[str, AccountBooks] = {}
    orders: dict[tuple[str, str, int], PaperOrder] = {}
    algos: dict[int, PaperAlgoOrder] = {}
    fills: deque[PaperFill] = msgspec.field(default_factory=lambda: deque(maxlen=_KEPT_ROWS))
    income: deque[IncomeRow] = msgspec.field(default_factory=lambda: deque(maxlen=_KEPT_ROWS))
    amendments: deque[Amendment] = msgspec.field(default_factory=lambda: deque(maxlen=_KEPT_ROWS))
    margin_changes: deque[MarginChange] = msgspec.field(
        default_factory=lambda: deque(maxlen=_KEPT_ROWS)
    )
    markets: dict[str, MarketMark] = {}

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> SavedState:
        """What the lines of a file leave; unreadable ones are left out with a warning."""
        state, decoder = cls(), msgspec.json.Decoder(Record)
        for number, line in enumerate(lines, start=1):
            try:
                state.take(decoder.decode(line))
            except msgspec.MsgspecError:
                logger.warning("line %s of the paper account is unreadable and left out", number)
            if number % _PRUNED_EVERY == 0:
                state.prune()
        state.prune()
        return state

    def take(self, record: Record) -> None:
        if isinstance(record, PaperOrder):
            self.orders[record.account_id, record.symbol, record.order_id] = record
        elif isinstance(record, PaperFill):
            self.fills.append(record)
        elif isinstance(record, IncomeRow):
            self.income.append(record)
        elif isinstance(record, AccountBooks):
            self.accounts[record.account_id] = record
        elif isinstance(record, PaperAlgoOrder):
            self.algos[record.algo_id] = record
        elif isinstance(record, Amendment):
            self.amendments.append(record)
        elif isinstance(record, MarginChange):
            self.margin_changes.append(record)
        else:
            self.markets[record.symbol] = record

    def prune(self) -> None:
        """Forget the oldest of what has ended."""
        _drop_oldest(self.orders, [key for key, o in self.orders.items() if not o.is_open])
        _drop_oldest(self.algos, [key for key, a in self.algos.items() if not a.is_open])

    def newest(self) -> Iterator[Record]:
        """All that is worth keeping, oldest first."""
        yield from self.accounts.values()
        yield from self.orders.values()
        yield from self.algos.values()
        yield from self.fills
        yield from self.income
        yield from self.amendments
        yield from self.margin_changes
        yield from self.markets.values()

    def highest_id(self) -> int:
        """Ids must rise across runs."""
        used = [order.order_id for order in self.orders.values()]
        used += [row.tran_id for row in self.income]
        used += [algo.algo_id - ALGO_IDS for algo in self.algos.values()]
        used += [change.amendment_id for change in self.amendments]
        return max(used, default=0)


class StateFolder:
    """One paper account set on disk, held by one server at a time.

    Raises PaperExchangeError when another server holds it or it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = PaperLog(folder / _LOG, self._condense)
        self._lock = -1
        self._encoder = msgspec.json.Encoder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _hold(folder / _LOCK)
        except OSError as error:
            raise PaperExchangeError(
                f"The folder {folder} cannot be used for the paper account: {error.strerror}."
            ) from None

    @property
    def path(self) -> Path:
        return self._folder

    def __enter__(self) -> StateFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def load(self, *, fresh: bool) -> SavedState:
        """Read, rewrite and open for appending. `fresh` forgets all but the keys."""
        state = SavedState()
        path = self._folder / _LOG
        if not fresh and path.exists():
            with path.open("rb") as file:
                state = SavedState.read(file)
        self._log.open(self._lines(state))
        return state

    def _lines(self, state: SavedState) -> Iterator[bytes]:
        return (self._encoder.encode(record) + b"\n" for record in state.newest())

    @staticmethod
    def _condense(lines: Iterable[bytes]) -> Iterator[bytes]:
        """On a thread of its own, so with an encoder of its own."""
        encoder = msgspec.json.Encoder()
        for record in SavedState.read(lines).newest():
            yield encoder.encode(record) + b"\n"

    def keys(self, account_ids: Sequence[str], *, anew: bool = False) -> list[AccountKeys]:
        """Made once per folder and kept, until they are wanted `anew`."""
        path = self._folder / _KEYS
        known: dict[str, AccountKeys] = {}
        if path.exists() and not anew:
            for entry in msgspec.json.decode(path.read_bytes(), type=list[AccountKeys]):
                known[entry.account_id] = entry
        missing = [account_id for account_id in account_ids if account_id not in known]
        for account_id in missing:
            known[account_id] = AccountKeys(
                account_id=account_id,
                api_key=_random_key(),
                api_secret=_random_key(),
                ed25519_api_key=_random_key(),
                ed25519_private_key=new_ed25519_pem(),
            )
        if missing:
            draft = path.with_suffix(".new")
            draft.write_bytes(self._encoder.encode(list(known.values())))
            if sys.platform != "win32":
                draft.chmod(0o600)
            draft.replace(path)
        return [known[account_id] for account_id in account_ids]

    def append(self, records: Sequence[msgspec.Struct]) -> None:
        """Hand records to the operating system in one write.

        Raises PaperExchangeError when it does not take them: nothing may be
        acknowledged any more.
        """
        data = self._encoder.encode_lines(records)
        try:
            self._log.append(data)
        except OSError as error:
            raise PaperExchangeError(
                f"The paper account in {self._folder} cannot be written: {error.strerror}."
            ) from None

    @property
    def log(self) -> PaperLog:
        return self._log

    def close(self) -> None:
        self._log.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _drop_oldest(table: dict[_Key, _Thing], ended: list[_Key]) -> None:
    for key in ended[: max(0, len(ended) - _KEPT_ROWS)]:
        del table[key]


def _random_key() -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(secrets.choice(alphabet) for _ in range(64))


def _hold(path: Path) -> int:
    """Lock a file for as long as this process lives; the system frees it after a kill."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise PaperExchangeError(
            f"The paper account in {path.parent} is in use by another paper exchange."
        ) from None
    return handle
