"""The ways to break the network between engine and venue, and the relays that do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from engine.kpi.tcp_relay import TcpRelay
from engine.wire.hosts import Hosts


class NetworkBreak(Protocol):
    """`reaches_venue`: another connection to the venue still works meanwhile."""

    @property
    def how(self) -> str: ...

    @property
    def reaches_venue(self) -> bool: ...

    def begin(self) -> None: ...

    def end(self) -> None: ...


class CleanCut:
    how = "a TCP relay closed every connection and refused new ones"
    reaches_venue = True

    def __init__(self, relays: Sequence[TcpRelay]) -> None:
        self._relays = relays

    def begin(self) -> None:
        for relay in self._relays:
            relay.cut()

    def end(self) -> None:
        for relay in self._relays:
            relay.restore()


class HalfOpenSilence(CleanCut):
    how = "a TCP relay kept every socket open, took new ones, and let nothing through"

    def begin(self) -> None:
        for relay in self._relays:
            relay.silence()


class RelayedHosts:
    """Hosts of this computer, each reached through a relay of its own."""

    def __init__(self, direct: Hosts) -> None:
        self._by_address: dict[tuple[str, int], TcpRelay] = {}
        self.hosts = Hosts(
            rest=self._through_relay(direct.rest),
            streams=self._through_relay(direct.streams),
            ws_api=self._through_relay(direct.ws_api),
        )

    @property
    def relays(self) -> tuple[TcpRelay, ...]:
        return tuple(self._by_address.values())

    def close(self) -> None:
        for relay in self.relays:
            relay.close()

    def _through_relay(self, url: str) -> str:
        parts = urlsplit(url)
        secure = parts.scheme in ("https", "wss")
        address = (parts.hostname or "127.0.0.1", parts.port or (443 if secure else 80))
        if address not in self._by_address:
            self._by_address[address] = TcpRelay(address)
        return parts._replace(netloc=f"127.0.0.1:{self._by_address[address].port}").geturl()
