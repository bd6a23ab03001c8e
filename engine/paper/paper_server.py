"""The paper exchange's process: it serves on loopback until it is told to stop.

When ready it prints one line of JSON (see `_print_ready`).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
import time
from collections.abc import Sequence

import msgspec
from aiohttp import web

from engine.clock import SystemClock
from engine.errors import PaperExchangeError, PerpdeskError
from engine.paper.fast_clock import FastClock
from engine.paper.fault_script import FaultScript, read_script
from engine.paper.fault_stage import FaultStage
from engine.paper.faults import FaultBook, FaultLog
from engine.paper.paper_build import build_venue
from engine.paper.paper_log import PaperLog
from engine.paper.paper_options import ServerOptions, parse_options
from engine.paper.paper_sockets import PaperSockets
from engine.paper.paper_sources import PaperSources
from engine.paper.paper_state import AccountKeys, StateFolder
from engine.paper.paper_stop_signals import stop_on_closed_input, stop_on_signals
from engine.paper.paper_venue import PaperVenue
from engine.utils.paths import user_data_dir
from engine.wire.hosts import loopback

_STEP_S = 0.05
_SYNC_S = 1.0
_CLOSING_S = 2.0
_PORT_TAKEN = (errno.EADDRINUSE, errno.EACCES, 10048, 10013)
_FAULT_LOG = "paper-faults.jsonl"


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until standard input closes or a signal comes. 0, or 2 with a sentence."""
    options = parse_options(argv)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    try:
        with _folder(options) as folder:
            asyncio.run(_serve(options, folder))
    except PerpdeskError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _folder(options: ServerOptions) -> StateFolder:
    """The folder asked for; without one, the first of this user's that is free."""
    if options.state_dir is not None:
        return StateFolder(options.state_dir)
    base = user_data_dir()
    for number in range(1, 100):
        try:
            return StateFolder(base / ("paper" if number == 1 else f"paper-{number}"))
        except PaperExchangeError:
            continue
    raise PaperExchangeError(f"Every paper account in {base} is in use.")


async def _serve(options: ServerOptions, folder: StateFolder) -> None:
    sources = await PaperSources.open(options.sources, options.settings.symbols)
    try:
        await _serve_venue(options, folder, sources)
    finally:
        await sources.close()


async def _serve_venue(options: ServerOptions, folder: StateFolder, sources: PaperSources) -> None:
    script = FaultScript() if options.faults is None else read_script(options.faults)
    clock = SystemClock() if options.clock_speed == 1 else FastClock(options.clock_speed)
    venue, keys = build_venue(options.settings, folder, clock, sources.by_symbol)
    book = FaultBook(clock, FaultLog(folder.path / _FAULT_LOG), options.settings.seed)
    stage = FaultStage(book, venue, clock)
    sockets = PaperSockets(venue, options.sockets, stage)
    book.add(script)
    sources.attach(venue)
    web_server = web.Server(sockets.handle, access_log=None)
    listener = await _listen(web_server, options.port)
    stop = asyncio.Event()
    stop_on_signals(stop)
    stop_on_closed_input(stop)
    _print_ready(listener.sockets[0].getsockname()[1], keys)
    waits: list[asyncio.Future[None]] = [
        asyncio.create_task(_until_set(stop)),
        asyncio.create_task(run_market(venue, stage)),
        asyncio.create_task(_run_sync(venue.log)),
        sockets.failure,
        *sources.following,
    ]
    done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await sockets.close()
    listener.close()
    for connection in web_server.connections:
        connection.close()  # one that is idle would be waited for
    await web_server.shutdown(_CLOSING_S)
    for ended in done:
        ended.result()  # a market or a disk that failed must end the process loudly
    venue.remember_markets()


async def run_market(venue: PaperVenue, stage: FaultStage) -> None:
    """Let time pass for the venue until cancelled."""
    while True:
        started = time.monotonic()
        venue.step(venue.now_ms())
        stage.step()
        spent = time.monotonic() - started
        await asyncio.sleep(max(_STEP_S - spent, 0.001))


async def _run_sync(log: PaperLog) -> None:
    """Have the disk keep, about once a second, what the system already has."""
    while True:
        await asyncio.sleep(_SYNC_S)
        try:
            await asyncio.to_thread(log.sync)
            if log.is_large:
                log.begin()
                await asyncio.to_thread(log.draft)
                log.finish()
        except OSError as error:
            raise PaperExchangeError(
                f"The paper account cannot be kept on disk: {error.strerror}."
            ) from None


async def _until_set(stop: asyncio.Event) -> None:
    await stop.wait()


async def _listen(web_server: web.Server, port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(web_server, "127.0.0.1", port)
    except OSError as error:
        if error.errno in _PORT_TAKEN:
            raise PaperExchangeError(
                f"Port {port} is in use by another program; "
                "choose another with --port, or --port 0 for any free one."
            ) from None
        raise PaperExchangeError(f"Port {port} cannot be served: {error.strerror}.") from None


def _print_ready(port: int, keys: list[AccountKeys]) -> None:
    hosts = loopback(port)
    accounts = [
        {
            "api_key": key.api_key,
            "api_secret": key.api_secret,
            "ed25519_api_key": key.ed25519_api_key,
            "ed25519_private_key": key.ed25519_private_key,
        }
        for key in keys
    ]
    line = {
        "ready": True,
        "rest": hosts.rest,
        "streams": hosts.streams,
        "ws_api": hosts.ws_api,
        "api_key": keys[0].api_key,
        "api_secret": keys[0].api_secret,
        "accounts": accounts,
    }
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
