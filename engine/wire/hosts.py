"""Where the exchange lives. The stream routes hang below `streams`."""

from __future__ import annotations

import msgspec

from engine.trading_types import Route


class Hosts(msgspec.Struct, frozen=True):
    """Bases without a trailing slash, e.g. rest="https://fapi.binance.com"."""

    rest: str
    streams: str
    ws_api: str
    wallet: str = ""  # tells what a key may do; empty where no such service is known

    def stream_url(self, route: Route) -> str:
        """The routed base; an unrouted URL connects, acknowledges and stays silent."""
        return f"{self.streams}/{route.value}"


MAINNET = Hosts(
    rest="https://fapi.binance.com",
    streams="wss://fstream.binance.com",
    ws_api="wss://ws-fapi.binance.com/ws-fapi/v1",
    wallet="https://api.binance.com",
)

# the venue calls it Demo Trading today; only this ws_api host answers for it
TESTNET = Hosts(
    rest="https://demo-fapi.binance.com",
    streams="wss://demo-fstream.binance.com",
    ws_api="wss://testnet.binancefuture.com/ws-fapi/v1",
)


def loopback(port: int) -> Hosts:
    """A paper exchange on this computer."""
    return Hosts(
        rest=f"http://127.0.0.1:{port}",
        streams=f"ws://127.0.0.1:{port}",
        ws_api=f"ws://127.0.0.1:{port}/ws-fapi/v1",
    )
