"""The venue's doors: HTTP requests, streams and the order socket, from aiohttp to PaperVenue.

Everything the venue decides is decided in PaperVenue, on the one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import WSMsgType, web

from engine.errors import PaperExchangeError, VenueError
from engine.paper.control_paths import CONTROL_PATHS
from engine.paper.fault_lines import LIFE_IS_OVER, Line
from engine.paper.fault_stage import FaultStage
from engine.paper.paper_order_socket import OrderSocketSession
from engine.paper.paper_outbox import reset
from engine.paper.paper_pulse import Pulse, SocketSettings
from engine.paper.paper_streams import StreamConnection
from engine.paper.paper_venue import Incoming, PaperVenue

logger = logging.getLogger(__name__)

_GOODBYE_S = 0.5
_MAX_REQUEST_BYTES = 1024 * 1024
_MAX_FRAME = 64 * 1024
_ROUTES = ("public", "market", "private")
_ORDER_SOCKET = "/ws-fapi/v1"
_LOOPBACK = "127.0.0.1"
_JSON = "application/json"
_UNKNOWN_OUTCOME = (
    b'{"code":-1000,"msg":"Unknown error, please check your request or try again later."}'
)


class PaperSockets:
    """Sockets of one venue; `failure` ends when what was decided cannot be kept."""

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

    async def close(self) -> None:
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
