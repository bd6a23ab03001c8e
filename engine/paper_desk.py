"""Carries out what a person asks of the paper exchange, and tells how it stands.

On a thread of its own: it must answer also while the exchange is away, cut off
or late, when every other queue waits for the network.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import BadInput, PaperExchangeError, PerpdeskError, ShuttingDown
from engine.event_hub import EventHub
from engine.events import CommandDone, CommandRefused
from engine.events.paper import (
    FaultPlayed,
    FaultView,
    PaperChanged,
    PaperView,
    PaperWasReset,
    ReplayFileRead,
    ReplayView,
)
from engine.paper.paper_control import FaultsNow, PaperControl, ReplayNow
from engine.paper.paper_keeper import PaperKeeper
from engine.paper.trade_span import TradeSpan, read_span
from engine.paper_commands import (
    CancelReplayFile,
    EndFaults,
    KillPaper,
    PaperCommand,
    PlayFault,
    ResetPaper,
    RestartPaper,
    SetPaperMarket,
    SetReplay,
    WatchPaper,
)
from engine.trading_types import PaperMarketKind
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import CrashHandler

logger = logging.getLogger(__name__)

_FOREIGN = (
    "This paper exchange was started by another program: faults can be played here, but it is"
    " restarted, reset and given another market only there."
)


class PaperDesk:
    """`submit`, `tick` and `stop` from any thread; none but `stop` waits."""

    def __init__(
        self,
        control: PaperControl | None,
        keeper: PaperKeeper | None,
        hub: EventHub,
        on_crash: CrashHandler | None = None,
    ) -> None:
        self._control = control
        self._keeper = keeper
        self._hub = hub
        self._queue = TaskQueue("paper-desk", on_crash)
        self._queue.start()
        self._is_watched = False
        self._is_file_wanted = threading.Event()
        self._kind = PaperMarketKind.SYNTHETIC
        if keeper is not None and keeper.options.quiet_market:
            self._kind = PaperMarketKind.QUIET
        self._source = ""
        self._span: TradeSpan | None = None
        self._seen_plays: int | None = None
        self._works: Mapping[type[PaperCommand], Callable[[Any], str]] = {
            WatchPaper: self._watch,
            PlayFault: self._play,
            EndFaults: self._end_faults,
            RestartPaper: self._restart,
            KillPaper: self._kill,
            ResetPaper: self._reset,
            SetPaperMarket: self._set_market,
            SetReplay: self._set_replay,
        }

    def submit(self, command: PaperCommand) -> None:
        """Raises ShuttingDown when the engine is closing."""
        if isinstance(command, CancelReplayFile):
            self._is_file_wanted.clear()
            return
        if isinstance(command, SetPaperMarket):
            self._is_file_wanted.set()
        self._queue.submit(lambda: self._carry_out(command))

    def tick(self) -> None:
        """Housekeeping, once a second: how it stands, while somebody looks."""
        if self._is_watched and not len(self._queue):
            try:
                self._queue.submit(self._tell)
            except ShuttingDown:
                logger.debug("nothing is told: the engine is closing")

    def stop(self, timeout_s: float) -> bool:
        self._is_file_wanted.clear()
        return self._queue.stop(timeout_s)

    # --- the thread paper-desk --------------------------------------------------------

    def _carry_out(self, command: PaperCommand) -> None:
        try:
            sentence = self._works[type(command)](command)
        except BadInput as error:
            self._refuse(command, str(error), error.field, error.fix)
        except PerpdeskError as error:
            self._refuse(command, str(error))
        else:
            if sentence:
                logger.info("paper exchange: %s", sentence)
                self._hub.publish(CommandDone(command=command, sentence=sentence))
        self._tell()

    def _refuse(
        self, command: PaperCommand, sentence: str, field: str = "", fix: str | None = None
    ) -> None:
        self._hub.publish(CommandRefused(command=command, sentence=sentence, field=field, fix=fix))

    @property
    def _hand(self) -> PaperControl:
        if self._control is None:
            raise PaperExchangeError("There is no paper exchange in this environment.")
        return self._control

    @property
    def _own(self) -> PaperKeeper:
        if self._keeper is None:
            raise PaperExchangeError(
                _FOREIGN
                if self._control is not None
                else "There is no paper exchange in this environment."
            )
        return self._keeper

    def _watch(self, command: WatchPaper) -> str:
        self._is_watched = command.is_on
        return ""

    def _play(self, command: PlayFault) -> str:
        number = self._hand.play(command.fault, command.values, command.when)
        return f"Fault {number} ({command.fault}) is in force."

    def _end_faults(self, _command: EndFaults) -> str:
        self._hand.end_faults()
        return "No fault is in force any more."

    def _kill(self, _command: KillPaper) -> str:
        self._own.kill()
        return "The paper exchange was killed; nothing answers until it is started again."

    def _restart(self, _command: RestartPaper) -> str:
        self._own.restart()
        self._seen_plays = None
        return "The paper exchange was started again; its account is what it was."

    def _reset(self, command: ResetPaper) -> str:
        if not 1 <= command.balance <= 1_000_000_000:
            raise BadInput("balance", "Choose a balance from 1 to 1,000,000,000 USDT.", "10000")
        self._own.reset(f"{command.balance:f}")
        self._hub.publish(PaperWasReset())
        return f"A new paper account with {command.balance:f} USDT."

    def _set_market(self, command: SetPaperMarket) -> str:
        keeper, span = self._own, None
        if command.kind is PaperMarketKind.REPLAY:
            span = self._read_file(Path(command.file))
            if span is None:
                return "The file was not read to its end; the market stays as it is."
        keeper.restart(
            msgspec.structs.replace(
                keeper.options,
                quiet_market=command.kind is PaperMarketKind.QUIET,
                replay=Path(command.file) if span is not None else None,
                speed=command.speed if span is not None else 1.0,
                mirror=_mirror_of(command),
            )
        )
        self._kind, self._span, self._seen_plays = command.kind, span, None
        self._source = command.file if span is not None else _mirror_of(command)
        return f"The paper exchange runs with {_MARKET_WORDS[command.kind]} now."

    def _read_file(self, file: Path) -> TradeSpan | None:
        def tell(share: float) -> None:
            self._hub.publish(ReplayFileRead(share=share))

        try:
            return read_span(file, tell, self._is_file_wanted.is_set)
        finally:
            self._hub.publish(ReplayFileRead(share=1.0, is_over=True))

    def _set_replay(self, command: SetReplay) -> str:
        self._hand.set_replay(paused=command.paused, speed=command.speed)
        return ""

    # --- how it stands ----------------------------------------------------------------

    def _tell(self) -> None:
        control = self._control
        if control is None:
            return
        is_running, faults = True, FaultsNow()
        replays: tuple[ReplayNow, ...] = ()
        try:
            faults = control.faults(self._seen_plays or 0)
            if self._kind is PaperMarketKind.REPLAY or self._keeper is None:
                replays = _replays_of(control)
        except PaperExchangeError:
            is_running = False
        self._tell_plays(faults)
        self._hub.publish(
            PaperChanged(
                paper=PaperView(
                    is_ours=self._keeper is not None,
                    is_running=is_running,
                    market=self._kind,
                    source=self._source,
                    replay=self._replay_view(replays[0]) if replays else None,
                    faults=tuple(
                        FaultView(number=rule.rule, fault=rule.fault, played=rule.played)
                        for rule in faults.rules
                    ),
                )
            )
        )

    def _tell_plays(self, faults: FaultsNow) -> None:
        """What was played before we looked the first time is old news."""
        is_first = self._seen_plays is None
        if faults.log:
            self._seen_plays = faults.log[-1].number
        elif is_first:
            self._seen_plays = 0
        for play in () if is_first else faults.log:
            sentence = f"The exchange played {play.fault}{f': {play.what}' if play.what else ''}."
            self._hub.publish(
                FaultPlayed(number=play.rule, fault=play.fault, at_ms=play.at_ms, sentence=sentence)
            )

    def _replay_view(self, replay: ReplayNow) -> ReplayView:
        span = self._span
        return ReplayView(
            symbol=replay.symbol,
            position_ms=replay.position_ms,
            speed=replay.speed,
            is_paused=replay.paused,
            is_finished=replay.finished,
            first_ms=span.first_ms if span is not None else 0,
            last_ms=span.last_ms if span is not None else 0,
        )


_MARKET_WORDS = {
    PaperMarketKind.SYNTHETIC: "an invented market",
    PaperMarketKind.QUIET: "a market that stands still",
    PaperMarketKind.REPLAY: "the trades of the file",
    PaperMarketKind.MIRROR: "another venue's prices",
}


def _replays_of(control: PaperControl) -> tuple[ReplayNow, ...]:
    try:
        return control.replays()
    except PaperExchangeError:
        return ()  # nothing is replayed there, so there is no such path


def _mirror_of(command: SetPaperMarket) -> str:
    if command.kind is not PaperMarketKind.MIRROR:
        return ""
    if not command.url.startswith(("ws://", "wss://")):
        raise BadInput("url", "The address of a venue's streams begins with wss://.")
    return command.url.rstrip("/")
