"""The one way to a host, for REST and streams: address, TCP, proxy tunnel, TLS.

Every wait has an end, and another thread can cut it short: the socket is shown
to `on_socket` before the first wait, and closing it wakes the waiting call.
Time is the machine's own here, as the kernel's time-outs are.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import certifi

from engine.errors import NotConnected
from engine.exchange.proxy import SYSTEM, open_tunnel, proxy_for

OnSocket = Callable[[socket.socket], None]


def tls_context() -> ssl.SSLContext:
    """Verifies host name and certificate, by the system's roots and certifi's.

    A frozen program may find no roots on the system; certifi travels with it.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def connect(
    url: str,
    timeout_s: float,
    context: ssl.SSLContext | None,
    on_socket: OnSocket | None = None,
    proxy: str = SYSTEM,
) -> socket.socket:
    """A connected socket for `url` (http, https, ws or wss), TLS done, no delay.

    `proxy` is a choice of exchange.proxy. Nothing of a request has been
    sent when this fails. Raises NotConnected.
    """
    host, port, secure = _target(url)
    ends_at = time.monotonic() + timeout_s
    sock: socket.socket | None = None
    try:
        through = proxy_for(host, secure, proxy)
        address = (through.host, through.port) if through else (host, port)
        sock = _open_tcp(address, ends_at, on_socket)
        if through is not None:
            open_tunnel(sock, host, port, through.login, lambda: _left(ends_at))
        if secure:
            sock = _start_tls(sock, host, context or tls_context(), ends_at, on_socket)
    except (OSError, UnicodeError) as error:
        if sock is not None:
            close_quietly(sock)
        raise NotConnected(f"Cannot connect to {host}:{port}: {reason_of(error)}.") from error
    return sock


def is_reachable(url: str, timeout_s: float, proxy: str = SYSTEM) -> bool:
    """Whether a TCP connection can be made now; says nothing to the host."""
    host, port, secure = _target(url)
    try:
        through = proxy_for(host, secure, proxy)
        address = (through.host, through.port) if through else (host, port)
        close_quietly(_open_tcp(address, time.monotonic() + timeout_s, None))
    except (OSError, UnicodeError):
        return False
    return True


def close_quietly(sock: socket.socket) -> None:
    """Close, waking any thread that waits on the socket. Never raises.

    Shut down through the plain socket: the TLS object belongs to its own thread.
    """
    with contextlib.suppress(OSError, ValueError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sock.close()


def wake_waiter(sock: socket.socket) -> None:
    """End another thread's wait on `sock`; that thread closes it. Never raises.

    Windows does not shut down a socket that is still connecting: there only
    closing wakes the waiter. Elsewhere closing would free a handle in use.
    """
    with contextlib.suppress(OSError, ValueError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            sock.close()


def _open_tcp(
    address: tuple[str, int], ends_at: float, on_socket: OnSocket | None
) -> socket.socket:
    last: OSError | None = None
    candidates = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
    for index, (family, kind, protocol, _, target) in enumerate(candidates):
        sock = socket.socket(family, kind, protocol)
        try:
            if on_socket is not None:
                on_socket(sock)
            # leave time for the addresses that follow: one may swallow packets
            sock.settimeout(_left(ends_at) / (len(candidates) - index))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(target)
        except OSError as error:
            last = error
            close_quietly(sock)
            continue
        return sock
    raise last if last is not None else OSError("the host has no address")


def _start_tls(
    sock: socket.socket,
    host: str,
    context: ssl.SSLContext,
    ends_at: float,
    on_socket: OnSocket | None,
) -> ssl.SSLSocket:
    sock.settimeout(_left(ends_at))
    secured = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    try:
        if on_socket is not None:
            on_socket(secured)  # the plain object has given its handle away
        secured.do_handshake()
    except (OSError, ValueError):
        secured.close()
        raise
    return secured


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("no connection in time")
    return left


def _target(url: str) -> tuple[str, int, bool]:
    parts = urlsplit(url)
    secure = parts.scheme in ("https", "wss")
    return parts.hostname or "", parts.port or (443 if secure else 80), secure


def reason_of(error: BaseException) -> str:
    """In words that fit into a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
