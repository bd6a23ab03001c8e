"""The paper exchange on loopback: HTTP, WebSockets and the process around them.

The only module that knows asyncio and aiohttp. Everything the venue decides is
decided in PaperVenue, on the one event loop; here are sockets, signals and the
ready line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import logging
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Awaitable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from aiohttp import WSMsgType, web

from engine.clock import SystemClock
from engine.errors import PaperExchangeError, PerpdeskError, VenueError
from engine.paper.contract_specs import CONTRACT_SPECS
from engine.paper.paper_build import DEFAULT_BALANCE, VenueSettings, build_venue
from engine.paper.paper_order_socket import OrderSocketSession
from engine.paper.paper_state import AccountKeys, StateFolder
from engine.paper.paper_streams import Send, StreamConnection
from engine.paper.paper_venue import Incoming, PaperVenue
from engine.utils.paths import user_data_dir
from engine.wire.hosts import loopback

logger = logging.getLogger(__name__)

_STEP_S = 0.05
_SYNC_S = 1.0
_PING_S = 180.0
_LIFE_S = 24 * 3600.0
_CLOSING_S = 2.0
_MAX_BACKLOG_BYTES = 4 * 1024 * 1024
_MAX_REQUEST_BYTES = 1024 * 1024
_PORT_TAKEN = (errno.EADDRINUSE, errno.EACCES, 10048, 10013)
_ROUTES = ("public", "market", "private")
_ORDER_SOCKET = "/ws-fapi/v1"
_LOOPBACK = "127.0.0.1"
_JSON = "application/json"


class Outbox:
    """Frames for one socket: joined per turn of the loop, bounded, never waited for."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._frames: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def send(self, frame: bytes) -> None:
        if not self._frames:
            self._loop.call_soon(self._flush)
        self._frames.append(frame)

    def _flush(self) -> None:
        frames, self._frames = self._frames, []
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _MAX_BACKLOG_BYTES:
            logger.warning("a stream reader is too slow and is disconnected")
            self._transport.abort()
            return
        self._transport.write(b"".join(frames))


class PaperServer:
    """Sockets of one venue."""

    def __init__(self, venue: PaperVenue) -> None:
        self._venue = venue
        self._sockets: set[web.WebSocketResponse] = set()
        self.port = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        refused = self._refuse_foreigner(request)
        if refused is not None:
            return refused
        path, _, query = request.raw_path.partition("?")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve_socket(request, path, query)
        body = await request.text() if request.can_read_body else ""
        reply = self._venue.answer(
            Incoming(
                method=request.method,
                path=path,
                query=query,
                body=body,
                api_key=request.headers.get("X-MBX-APIKEY"),
                address=request.remote or _LOOPBACK,
            )
        )
        return web.Response(
            body=reply.body, status=reply.status, headers=reply.headers, content_type=_JSON
        )

    def _refuse_foreigner(self, request: web.BaseRequest) -> web.Response | None:
        """A page in a browser must not reach the account by a name that leads to loopback."""
        host = request.headers.get("Host", "")
        origin = request.headers.get("Origin")
        names = {"127.0.0.1", "localhost"}
        if urlsplit(f"//{host}").hostname in names and (
            origin is None or urlsplit(origin).hostname in names
        ):
            return None
        return web.Response(
            status=403,
            body=b'{"code":-1011,"msg":"Only this computer may ask."}',
            content_type=_JSON,
        )

    async def _serve_socket(
        self, request: web.BaseRequest, path: str, query: str
    ) -> web.StreamResponse:
        if path.rstrip("/") == _ORDER_SOCKET:
            return await self._serve_orders(request, query)
        parts = [unquote(part) for part in path.split("/") if part]
        route = parts.pop(0) if parts and parts[0] in _ROUTES else ""
        if not parts or parts[0] not in ("ws", "stream"):
            return web.Response(status=404, body=b'{"code":-5000,"msg":"Path is invalid"}')
        socket = web.WebSocketResponse(compress=False, autoping=True, max_msg_size=64 * 1024)
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket
        connection = StreamConnection(
            self._venue.hub, route, combined=parts[0] == "stream", send=Outbox(transport).send
        )
        for name, events in _asked_for(parts, query):
            connection.listen(name, events)
        await self._attend(socket, self._read_stream(socket, connection))
        connection.close()
        return socket

    async def _serve_orders(self, request: web.BaseRequest, query: str) -> web.StreamResponse:
        try:
            session = OrderSocketSession(self._venue, request.remote or _LOOPBACK, query)
        except VenueError as error:
            return web.Response(status=error.http_status, text=error.text)
        socket = web.WebSocketResponse(compress=False, max_msg_size=_MAX_REQUEST_BYTES)
        await socket.prepare(request)
        if request.transport is not None:
            send = Outbox(request.transport).send
            await self._attend(socket, _read_orders(socket, session, send))
        return socket

    async def _read_stream(
        self, socket: web.WebSocketResponse, connection: StreamConnection
    ) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                if connection.is_flooding(self._venue.now_ms()):
                    await socket.close(code=1008, message=b"Too many requests")
                    return
                connection.send(connection.on_text(message.data))

    async def _attend(self, socket: web.WebSocketResponse, reading: Awaitable[None]) -> None:
        """Read until the peer leaves, we stop, or its day is over; ping meanwhile."""
        self._sockets.add(socket)
        pinging = asyncio.ensure_future(_ping(socket))
        try:
            async with asyncio.timeout(_LIFE_S):
                await reading
        except TimeoutError:
            await socket.close(message=b"24 hours are over")
        except ConnectionError:
            logger.debug("a stream reader went away")
        finally:
            pinging.cancel()
            self._sockets.discard(socket)

    async def run_market(self) -> None:
        """Let time pass for the venue until cancelled."""
        while True:
            started = time.monotonic()
            self._venue.step(self._venue.now_ms())
            spent = time.monotonic() - started
            await asyncio.sleep(max(_STEP_S - spent, 0.001))

    async def run_sync(self) -> None:
        """Have the disk keep, about once a second, what the system already has."""
        while True:
            await asyncio.sleep(_SYNC_S)
            await asyncio.to_thread(self._venue.sync)

    async def close_sockets(self) -> None:
        for socket in list(self._sockets):
            with contextlib.suppress(asyncio.TimeoutError, ConnectionError):
                async with asyncio.timeout(_CLOSING_S / 4):
                    await socket.close(code=1001, message=b"The paper exchange is closing")


async def _read_orders(
    socket: web.WebSocketResponse, session: OrderSocketSession, send: Send
) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            send(session.answer(message.data))


async def _ping(socket: web.WebSocketResponse) -> None:
    while True:
        await asyncio.sleep(_PING_S)
        with contextlib.suppress(ConnectionError):
            await socket.ping(str(time.time_ns() // 1_000_000).encode())


def _asked_for(parts: list[str], query: str) -> list[tuple[str, frozenset[str] | None]]:
    """Streams, or listenKeys with their event filter, named by a URL."""
    wanted: list[tuple[str, frozenset[str] | None]] = [(name, None) for name in parts[1:]]
    for name, value in parse_qsl(query):
        if name == "streams":
            wanted += [(stream, None) for stream in value.split("/") if stream]
        elif name == "listenKey":
            wanted.append((value, None))
        elif name == "events" and wanted:
            wanted[-1] = (wanted[-1][0], frozenset(value.split("/")))
    return wanted


# the process


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    port: int
    state_dir: Path | None
    settings: VenueSettings


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until standard input closes or a signal comes. 0, or 2 with a sentence."""
    options = _options(argv)
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
    venue, keys = build_venue(options.settings, folder, SystemClock())
    server = PaperServer(venue)
    web_server = web.Server(server.handle, access_log=None)
    listener = await _listen(web_server, options.port)
    server.port = listener.sockets[0].getsockname()[1]
    stop = asyncio.Event()
    _stop_on_signals(stop)
    _stop_on_closed_input(stop)
    tasks = [asyncio.create_task(server.run_market()), asyncio.create_task(server.run_sync())]
    _print_ready(server.port, keys)
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, *tasks):
        task.cancel()
    await server.close_sockets()
    listener.close()
    await web_server.shutdown(_CLOSING_S)
    venue.remember_markets()
    for task in done - {stopping}:
        task.result()  # a market that crashed must end the process loudly


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


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows has no signals in its loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _stop_on_closed_input(stop: asyncio.Event) -> None:
    """End with whoever started us. No input at all (a null device) means no such wish."""
    try:
        handle = sys.stdin.fileno()
        mode = os.fstat(handle).st_mode
    except (AttributeError, OSError, ValueError):
        return
    loop = asyncio.get_running_loop()

    def watch() -> None:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while os.read(handle, 4096):
                pass
        at_once = time.monotonic() - started < 0.1
        if at_once and stat.S_ISCHR(mode):
            return
        with contextlib.suppress(RuntimeError):  # the loop has already closed
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="paper-stdin", daemon=True).start()


def _options(argv: Sequence[str] | None) -> ServerOptions:
    parser = argparse.ArgumentParser(
        prog="paper-server", description="The paper exchange on this computer's loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="0 = any free one (default)")
    parser.add_argument("--seed", type=int, default=None, help="of the synthetic market")
    parser.add_argument("--symbols", type=_symbols, default=tuple(CONTRACT_SPECS), metavar="A,B")
    parser.add_argument("--balance", type=_balance, default=DEFAULT_BALANCE, metavar="USDT")
    parser.add_argument("--fresh", action="store_true", help="start with a new account")
    parser.add_argument("--quiet-market", action="store_true", help="nobody else trades")
    parser.add_argument("--state-dir", type=Path, default=None, metavar="DIR")
    parser.add_argument("--unlimited", action="store_true", help="no request or order limits")
    parser.add_argument("--verify", action="store_true", help="check the books at every fill")
    words = parser.parse_args(argv)
    settings = VenueSettings(
        seed=time.time_ns() % 2**31 if words.seed is None else words.seed,
        symbols=words.symbols,
        balance=words.balance,
        fresh=words.fresh,
        quiet_market=words.quiet_market,
        unlimited=words.unlimited,
        verify=words.verify,
    )
    return ServerOptions(port=words.port, state_dir=words.state_dir, settings=settings)


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


if __name__ == "__main__":
    sys.exit(main())
