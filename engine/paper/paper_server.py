"""The paper exchange on loopback: HTTP, WebSockets and the process around them.

The only module that knows aiohttp. Everything the venue decides is decided in
PaperVenue, on the one event loop; here are sockets and the ready line.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import sys
import time
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from aiohttp import WSMsgType, web

from engine.clock import SystemClock
from engine.errors import PaperExchangeError, PerpdeskError, VenueError
from engine.paper.control_paths import CONTROL_PATHS
from engine.paper.fast_clock import FastClock
from engine.paper.fault_lines import LIFE_IS_OVER, Line
from engine.paper.fault_script import FaultScript, read_script
from engine.paper.fault_stage import FaultStage
from engine.paper.faults import FaultBook, FaultLog
from engine.paper.paper_build import build_venue
from engine.paper.paper_options import ServerOptions, parse_options
from engine.paper.paper_order_socket import OrderSocketSession
from engine.paper.paper_outbox import reset
from engine.paper.paper_pulse import Pulse, SocketSettings
from engine.paper.paper_sources import PaperSources
from engine.paper.paper_state import AccountKeys, StateFolder
from engine.paper.paper_stop_signals import stop_on_closed_input, stop_on_signals
from engine.paper.paper_streams import StreamConnection
from engine.paper.paper_venue import Incoming, PaperVenue
from engine.utils.paths import user_data_dir
from engine.wire.hosts import loopback

logger = logging.getLogger(__name__)

_STEP_S = 0.05
_SYNC_S = 1.0
_CLOSING_S = 2.0
_GOODBYE_S = 0.5
_MAX_REQUEST_BYTES = 1024 * 1024
_MAX_FRAME = 64 * 1024
_PORT_TAKEN = (errno.EADDRINUSE, errno.EACCES, 10048, 10013)
_ROUTES = ("public", "market", "private")
_ORDER_SOCKET = "/ws-fapi/v1"
_LOOPBACK = "127.0.0.1"
_JSON = "application/json"
_FAULT_LOG = "paper-faults.jsonl"
_UNKNOWN_OUTCOME = (
    b'{"code":-1000,"msg":"Unknown error, please check your request or try again later."}'
)


class PaperServer:
    """Sockets of one venue."""

    def __init__(self, venue: PaperVenue, settings: SocketSettings, stage: FaultStage) -> None:
        self._venue = venue
        self._settings = settings
        self._stage = stage
        self._faults = stage.book
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        refused = self._refuse_foreigner(request)
        if refused is not None:
            return refused
        path, _, query = request.raw_path.partition("?")
        if self._faults.is_line_cut() and not path.startswith(CONTROL_PATHS):
            return _cut(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve_socket(request, path, query)
        body = await request.read() if request.can_read_body else b""
        incoming = Incoming(
            method=request.method,
            path=path,
            query=query,
            body=body.decode("utf-8", "surrogateescape"),
            api_key=request.headers.get("X-MBX-APIKEY"),
            address=request.remote or _LOOPBACK,
        )
        try:
            if self._faults.watches_requests:
                return await self._answer_with_faults(request, incoming)
            reply = self._venue.answer(incoming)
        except PaperExchangeError as error:
            self._fail(error)
            return web.Response(status=503, body=_UNKNOWN_OUTCOME, content_type=_JSON)
        return web.Response(
            body=reply.body, status=reply.status, headers=reply.headers, content_type=_JSON
        )

    async def _answer_with_faults(
        self, request: web.BaseRequest, incoming: Incoming
    ) -> web.Response:
        transport = request.transport
        if transport is None:
            return web.Response()  # nobody is there any more
        reply = await self._stage.answer(incoming, transport)
        if reply is None:
            return web.Response()  # into a connection that has ended already
        headers = {"Content-Type": _JSON, **reply.headers}
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    def _fail(self, error: PaperExchangeError) -> None:
        """What cannot be written down must not be believed: end, and say why."""
        if not self.failure.done():
            self.failure.set_exception(error)

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
        socket = web.WebSocketResponse(compress=False, autoping=False, max_msg_size=_MAX_FRAME)
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket
        line = Line(route or "public", socket, transport)
        connection = StreamConnection(
            self._venue.hub, route, combined=parts[0] == "stream", send=line.send
        )
        line.connection = connection
        for name, events in _asked_for(parts, query):
            connection.listen(name, events)
        try:
            await self._attend(socket, line, lambda text: self._answer_stream(connection, text))
        finally:
            connection.close()
        return socket

    async def _serve_orders(self, request: web.BaseRequest, query: str) -> web.StreamResponse:
        try:
            session = OrderSocketSession(self._venue, request.remote or _LOOPBACK, query)
        except VenueError as error:
            return web.Response(status=error.http_status, text=error.text)
        socket = web.WebSocketResponse(
            compress=False, autoping=False, max_msg_size=_MAX_REQUEST_BYTES
        )
        await socket.prepare(request)
        if request.transport is None:
            return socket
        line = Line("orders", socket, request.transport)

        def answer(text: str) -> bool:
            if self._faults.watches_requests:
                self._stage.answer_orders(session, text, line)
            else:
                line.send(session.answer(text))
            return True

        await self._attend(socket, line, answer)
        return socket

    def _answer_stream(self, connection: StreamConnection, text: str) -> bool:
        """False when the peer asks too often and must go."""
        if connection.is_flooding(self._venue.now_ms()):
            return False
        connection.send(connection.on_text(text))
        return True

    async def _attend(
        self, socket: web.WebSocketResponse, line: Line, on_text: Callable[[str], bool]
    ) -> None:
        """Read until the peer leaves or its day is over; ping meanwhile."""
        self._stage.open_line(line)
        pulse = Pulse(line, self._settings)
        pinging = asyncio.create_task(pulse.run())
        try:
            async with asyncio.timeout(self._settings.life_s):
                await _read(socket, line, pulse, on_text)
        except TimeoutError:
            await line.close(message=LIFE_IS_OVER)
        except ConnectionError:
            logger.debug("a stream reader went away")
        except PaperExchangeError as error:
            self._fail(error)
        finally:
            pinging.cancel()
            self._stage.close_line(line)

    async def run_market(self) -> None:
        """Let time pass for the venue until cancelled."""
        while True:
            started = time.monotonic()
            self._venue.step(self._venue.now_ms())
            self._stage.step()
            spent = time.monotonic() - started
            await asyncio.sleep(max(_STEP_S - spent, 0.001))

    async def run_sync(self) -> None:
        """Have the disk keep, about once a second, what the system already has."""
        log = self._venue.log
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

    async def close_sockets(self) -> None:
        """Say goodbye to all at once; who does not answer is left to the transport."""
        self._stage.close()
        await asyncio.gather(*(_say_goodbye(line) for line in self._stage.lines))


def _cut(request: web.BaseRequest) -> web.Response:
    """As if the cable were out: the connection ends without a word."""
    if request.transport is not None:
        reset(request.transport)
    return web.Response()


async def _say_goodbye(line: Line) -> None:
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(_GOODBYE_S):
            await line.close(code=1001, message=b"The paper exchange is closing")


async def _read(
    socket: web.WebSocketResponse, line: Line, pulse: Pulse, on_text: Callable[[str], bool]
) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            if not on_text(message.data):
                await line.close(code=1008, message=b"Too many requests")
                return
        elif message.type is WSMsgType.PING:
            await line.pong(message.data)
        elif message.type is WSMsgType.PONG:
            pulse.on_pong()


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
    server = PaperServer(venue, options.sockets, FaultStage(book, venue, clock))
    book.add(script)
    sources.attach(venue)
    web_server = web.Server(server.handle, access_log=None)
    listener = await _listen(web_server, options.port)
    stop = asyncio.Event()
    stop_on_signals(stop)
    stop_on_closed_input(stop)
    _print_ready(listener.sockets[0].getsockname()[1], keys)
    waits: list[asyncio.Future[None]] = [
        asyncio.create_task(_until_set(stop)),
        asyncio.create_task(server.run_market()),
        asyncio.create_task(server.run_sync()),
        server.failure,
        *sources.following,
    ]
    done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await server.close_sockets()
    listener.close()
    for connection in web_server.connections:
        connection.close()  # one that is idle would be waited for
    await web_server.shutdown(_CLOSING_S)
    for ended in done:
        ended.result()  # a market or a disk that failed must end the process loudly
    venue.remember_markets()


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
