"""The private route: the listen key's life, and events of orders and account.

The key is fetched by the route's own thread before it connects (there is
nothing to read then) and kept alive by `tick`, which the engine's housekeeping
calls: the venue forgets a key after 60 minutes without telling the socket. A socket
that was opened with a key just lost is as silent, so the key is asked for once more
when it stands.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote

from engine.clock import Clock
from engine.errors import OrderRefused, PerpdeskError
from engine.events import Event, ListenKeyExpired, OrderUpdate, StreamStateChanged, UnknownMessage
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.stream_route import RouteHealth, StreamRoute
from engine.exchange.translate import user_event
from engine.trading_types import Route, StreamState
from engine.utils.threads import CrashHandler
from engine.wire.codec import decode_user, is_foreign_event
from engine.wire.hosts import Hosts

logger = logging.getLogger(__name__)

KEEPALIVE_S = 30 * 60.0
RETRY_KEEPALIVE_S = 60.0
INVALID_LISTEN_KEY = -1125

# named in the URL, as the venue's notices do; without them some setups send nothing
EVENT_NAMES = (
    "ORDER_TRADE_UPDATE",
    "ACCOUNT_UPDATE",
    "ACCOUNT_CONFIG_UPDATE",
    "ALGO_UPDATE",
    "MARGIN_CALL",
    "listenKeyExpired",
)


class ListenKeys(Protocol):
    """The REST calls about the key; each may raise what the gateway lists."""

    def create(self) -> str:
        """A living key: a new one, or the account's present one extended."""

    def keep_alive(self) -> str:
        """Another 60 minutes for the account's present key, which is returned; "" when not told."""


class UserStream:
    """`on_event` runs on ws-private, in order. Everything else from any thread."""

    def __init__(
        self,
        hosts: Hosts,
        keys: ListenKeys,
        on_event: Callable[[Event], None],
        *,
        clock: Clock,
        settings: StreamSettings,
        on_crash: CrashHandler | None = None,
    ) -> None:
        self._hosts = hosts
        self._keys = keys
        self._on_event = on_event
        self._clock = clock
        self._lock = threading.Lock()
        self._next_keepalive_s: float | None = None  # None: no key
        self._key = ""  # written by the route's thread alone
        self._check_s = settings.key_check_s
        self.decode_errors = 0
        self.ignored = 0
        self.callback_errors = 0
        self._route = StreamRoute(
            Route.PRIVATE,
            hosts.stream_url(Route.PRIVATE),
            self,
            clock=clock,
            settings=settings,
            on_state=self._deliver_state,
            on_crash=on_crash,
        )

    def start(self) -> None:
        self._route.start()

    def request_stop(self) -> None:
        self._route.request_stop()

    def stop(self, timeout_s: float) -> bool:
        return self._route.stop(timeout_s)

    def hurry(self) -> None:
        self._route.hurry()

    def recycle(self, why: str) -> None:
        self._route.recycle(why)

    def probe(self) -> None:
        self._route.probe()

    def expect_news(self) -> None:
        """An order was answered, so an event of it must come."""
        self._route.expect_news()

    @property
    def state(self) -> StreamState:
        return self._route.state

    def health(self) -> RouteHealth:
        return self._route.health()

    def tick(self) -> None:
        """Extend the key when it is time. Blocks for a REST call then; errors are logged.

        A key that the venue no longer knows, or has replaced, leads to a new connection.
        """
        with self._lock:
            due = self._next_keepalive_s
            now_s = self._clock.monotonic()
            if due is None or now_s < due:
                return
            self._next_keepalive_s = now_s + RETRY_KEEPALIVE_S
        used = self._key
        try:
            present = self._keys.keep_alive()
        except OrderRefused as error:
            if error.code == INVALID_LISTEN_KEY:
                self._renew("The key of the user stream was no longer known.")
                return
            logger.warning("listen key not extended: %s", error)
        except PerpdeskError as error:
            logger.warning("listen key not extended: %s", error)
        else:
            if present and present != used:
                self._renew("The account has another key of the user stream.")
                return
            self._check_key_in(KEEPALIVE_S)
            logger.info("listen key extended")

    def _check_key_in(self, seconds: float) -> None:
        with self._lock:
            self._next_keepalive_s = self._clock.monotonic() + seconds

    def _renew(self, why: str) -> None:
        with self._lock:
            self._next_keepalive_s = None
        self._route.recycle(why)

    # --- Traffic: on the route's thread ----------------------------------------------

    def url(self) -> str:
        """A key of its own for every connection: the venue returns the living one."""
        self._key = self._keys.create()
        self._check_key_in(KEEPALIVE_S)
        return self.replacement_url()

    def replacement_url(self) -> str:
        """The key in use is alive, so none has to be asked for while fills may come."""
        base = self._hosts.stream_url(Route.PRIVATE)
        return f"{base}/ws?listenKey={quote(self._key, safe='')}&events={'/'.join(EVENT_NAMES)}"

    def connected(self) -> None:
        self._check_key_in(self._check_s)

    def next_request(self) -> str | None:
        return None  # the URL has said it all

    def expects_data(self) -> bool:
        return False  # an account may rest for hours

    def watch(self, now_s: float) -> None:
        pass  # one stream, watched as a connection

    def handle(self, messages: list[bytearray]) -> int:
        for payload in messages:
            message = decode_user(payload)
            if message is None:
                continue
            event = message if isinstance(message, UnknownMessage) else user_event(message)
            if event is None:
                self.ignored += 1
                continue
            if type(event) is OrderUpdate:  # nearly always
                if event.trade_id <= 0 or event.is_whole_trade:
                    self._deliver(event)
                    continue
                event = UnknownMessage(raw=bytes(payload), reason="a trade without price or size")
            self._deliver(event)
            if isinstance(event, UnknownMessage):
                self._on_unreadable(event)
            if isinstance(event, ListenKeyExpired):
                # the socket stays open and silent from here on
                self._renew("The key of the user stream expired.")
        return len(messages)

    def _on_unreadable(self, message: UnknownMessage) -> None:
        """It may have been a fill: what it said is read anew, by a new connection's recovery."""
        self.decode_errors += 1
        # the raw bytes are kept out of the log: they may name a listen key
        logger.warning("unreadable user message reason=%s", message.reason)
        if not is_foreign_event(message.raw):
            self.recycle("An event of the account could not be read.")

    def _deliver_state(self, event: StreamStateChanged) -> None:
        self._deliver(event)

    def _deliver(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            self.callback_errors += 1
            logger.exception("user stream callback failed event=%s", type(event).__name__)
