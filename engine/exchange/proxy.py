"""The HTTP proxy on the way to the exchange: which one, and a tunnel through it.

A choice is a text of the configuration: "system" takes the system's proxy, "none"
goes directly, "http://[user:password@]host:port" names one. Hosts of this computer
are always reached directly.
"""

from __future__ import annotations

import base64
import socket
import urllib.request
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

SYSTEM = "system"
NONE = "none"

_HEAD_MAX = 16 * 1024
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Proxy(NamedTuple):
    host: str
    port: int
    login: str | None  # "user:password" in base64


def proxy_for(host: str, secure: bool, choice: str) -> Proxy | None:
    """None to go directly. Raises OSError for an unusable one, without its password."""
    if host in _LOCAL or choice == NONE:
        return None
    if choice != SYSTEM:
        return parse(choice)
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get("https" if secure else "http") or proxies.get("all")
    return parse(found if "://" in found else f"http://{found}") if found else None


def parse(url: str) -> Proxy:
    """Raises OSError, without the password in its text."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise OSError(f"the proxy is of kind {parts.scheme!r}; only http works here")
    try:
        port = parts.port or 80
    except ValueError:
        raise OSError("the proxy's port is not a number up to 65535") from None
    login = None
    if parts.username is not None:
        plain = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = base64.b64encode(plain.encode("utf-8")).decode("ascii")
    return Proxy(parts.hostname, port, login)


def open_tunnel(
    sock: socket.socket, host: str, port: int, login: str | None, left_s: Callable[[], float]
) -> None:
    """CONNECT over `sock`, which then leads to `host`. Raises OSError, or what `left_s` does."""
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if login is not None:
        lines.append(f"Proxy-Authorization: Basic {login}")
    sock.settimeout(left_s())
    sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        sock.settimeout(left_s())
        byte = sock.recv(1)  # one at a time: what follows the head is TLS
        if not byte or len(head) > _HEAD_MAX:
            raise OSError("the proxy closed the connection")
        head += byte
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        said = status[0].decode("latin-1") if status else "none at all"
        raise OSError(f"the proxy refused with status {said}")
