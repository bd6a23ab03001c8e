"""Our side of the paper exchange: start it as a child process, and stop it.

The child serves until its standard input closes, so it cannot outlive us, even
when we are killed. Nothing of the server is imported here.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import IO, ClassVar

import msgspec

from engine.errors import PaperExchangeError
from engine.utils.child_program import PAPER_SERVER
from engine.utils.threads import StoppableThread
from engine.wire.hosts import Hosts

logger = logging.getLogger(__name__)

START_DEADLINE_S = 20.0
STOP_TIMEOUT_S = 5.0


class PaperOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked of a paper exchange; None or empty means its own default."""

    port: int = 0
    seed: int | None = None
    symbols: tuple[str, ...] = ()
    balance: str = ""
    fresh: bool = False
    new_keys: bool = False  # of the accounts: whoever knew the old ones is a stranger
    quiet_market: bool = False
    state_dir: Path | None = None
    unlimited: bool = False  # no request and order limits
    verify: bool = False  # the books are checked at every fill
    clock_speed: float = 1.0  # of the exchange's whole time, for long trials
    faults: Path | None = None  # a script of faults to play
    replay: Path | None = None  # a public aggTrades file, csv or zip
    speed: float = 1.0  # of the replay
    mirror: str = ""  # another venue's streams to follow, e.g. wss://fstream.binance.com

    def arguments(self) -> list[str]:
        words = ["--port", str(self.port)]
        if self.seed is not None:
            words += ["--seed", str(self.seed)]
        if self.symbols:
            words += ["--symbols", ",".join(self.symbols)]
        if self.balance:
            words += ["--balance", self.balance]
        if self.clock_speed != 1:
            words += ["--clock-speed", str(self.clock_speed)]
        if self.state_dir is not None:
            words += ["--state-dir", str(self.state_dir)]
        if self.replay is not None:
            words += ["--replay", str(self.replay), "--speed", f"{self.speed:g}"]
        if self.mirror:
            words += ["--mirror", self.mirror]
        if self.faults is not None:
            words += ["--faults", str(self.faults)]
        flags = {
            "--fresh": self.fresh,
            "--new-keys": self.new_keys,
            "--quiet-market": self.quiet_market,
            "--unlimited": self.unlimited,
            "--verify": self.verify,
        }
        return words + [name for name, wanted in flags.items() if wanted]


class PaperAccountKeys(msgspec.Struct, frozen=True, kw_only=True):
    """An account's HMAC key, and the Ed25519 key (PEM) that the order socket's logon asks for."""

    api_key: str
    api_secret: str
    ed25519_api_key: str = ""
    ed25519_private_key: str = ""


class ReadyLine(msgspec.Struct, frozen=True, kw_only=True):
    """The one line that the server prints when it serves."""

    ready: bool
    rest: str
    streams: str
    ws_api: str
    api_key: str
    api_secret: str
    accounts: list[PaperAccountKeys]


class PaperProcess:
    """A running paper exchange. `start` blocks until it is ready; any thread may call."""

    _early: ClassVar[dict[PaperOptions, PaperProcess]] = {}  # launched, waited for by nobody

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        self._ready: ReadyLine | None = None
        self._spoke = threading.Event()
        self._complaints: deque[str] = deque(maxlen=20)
        self._readers = [
            StoppableThread("paper-stdout", lambda _stop: self._read_output()),
            StoppableThread("paper-stderr", lambda _stop: self._read_complaints()),
        ]
        for reader in self._readers:
            reader.start()

    @classmethod
    def start(
        cls, options: PaperOptions | None = None, deadline_s: float = START_DEADLINE_S
    ) -> PaperProcess:
        """Launch the server, or take one launched early with the same options, and wait
        until it is ready.

        Raises PaperExchangeError when it does not start within `deadline_s`.
        """
        wanted = options or PaperOptions()
        process = cls._early.pop(wanted, None) or cls._launch(wanted)
        process._wait_until_ready(deadline_s)
        logger.info("paper exchange ready pid=%s rest=%s", process.pid, process.ready.rest)
        return process

    @classmethod
    def launch_early(cls, options: PaperOptions) -> None:
        """Returns at once; the next `start` with equal options gets it.

        Raises PaperExchangeError. Whoever calls it calls `drop_early` in the end.
        """
        cls._early[options] = cls._launch(options)

    @classmethod
    def drop_early(cls) -> None:
        """Stop what nobody has taken; blocks until it has ended."""
        while cls._early:
            cls._early.popitem()[1].stop()

    @classmethod
    def _launch(cls, options: PaperOptions) -> PaperProcess:
        words = PAPER_SERVER.command() + options.arguments()
        try:
            child = subprocess.Popen(  # noqa: S603 - our own program with our own options
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=PAPER_SERVER.folder(),
                creationflags=_creation_flags(),
            )
        except OSError as error:
            raise PaperExchangeError(f"The paper exchange could not be started: {error}.") from None
        return cls(child)

    @property
    def ready(self) -> ReadyLine:
        if self._ready is None:
            raise PaperExchangeError("The paper exchange is not ready.")
        return self._ready

    @property
    def hosts(self) -> Hosts:
        return Hosts(rest=self.ready.rest, streams=self.ready.streams, ws_api=self.ready.ws_api)

    @property
    def api_key(self) -> str:
        return self.ready.api_key

    @property
    def api_secret(self) -> str:
        return self.ready.api_secret

    @property
    def accounts(self) -> list[PaperAccountKeys]:
        return self.ready.accounts

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child.poll() is None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._child.kill()
        self._finish()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Close its input, wait, then kill what is left. May be called twice."""
        _close(self._child.stdin)
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            logger.warning("paper exchange pid=%s did not stop and was killed", self.pid)
            self._child.kill()
        self._finish()

    def _finish(self) -> None:
        self._child.wait()
        _close(self._child.stdin)
        for reader in self._readers:
            reader.join(STOP_TIMEOUT_S)
        _close(self._child.stdout)
        _close(self._child.stderr)

    def _wait_until_ready(self, deadline_s: float) -> None:
        spoke = self._spoke.wait(deadline_s)
        if self._ready is not None:
            return
        self.stop(0.5 if not spoke else STOP_TIMEOUT_S)
        why = self._complaints[-1] if self._complaints else f"exit code {self._child.returncode}"
        if not spoke:
            why = f"it was not ready within {deadline_s:g} s"
        raise PaperExchangeError(f"The paper exchange did not start: {why}")

    def _read_output(self) -> None:
        stream = self._child.stdout
        assert stream is not None
        try:
            line = stream.readline()
            if line:
                self._ready = msgspec.json.decode(line, type=ReadyLine)
        except msgspec.MsgspecError:
            self._complaints.append(f"it said {line[:200]!r}")
        finally:
            self._spoke.set()
        while stream.readline():
            pass  # keep the pipe from filling up

    def _read_complaints(self) -> None:
        stream = self._child.stderr
        assert stream is not None
        for line in stream:
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._complaints.append(text)
                logger.debug("paper exchange says: %s", text)


def _creation_flags() -> int:
    flags = 0
    if sys.platform == "win32":
        flags |= subprocess.CREATE_NO_WINDOW
    return flags


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        try:
            stream.close()
        except OSError:
            logger.debug("a pipe of the paper exchange was already broken")
