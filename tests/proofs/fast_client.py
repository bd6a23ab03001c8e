"""A client of a paper exchange whose time runs faster than the machine's."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from engine.paper.paper_process import PaperAccountKeys, PaperProcess
from tests.helpers.paper import DEADLINE_S, Answer, PaperClient

_WINDOW_MS = 60_000


class FastClient(PaperClient):
    """One kept connection; signed with the exchange's own time. One thread only."""

    def __init__(self, server: PaperProcess, keys: PaperAccountKeys, speed: float) -> None:
        super().__init__(server, keys)
        self._speed = speed
        address = urlsplit(server.hosts.rest).netloc
        self._connection = http.client.HTTPConnection(address, timeout=DEADLINE_S)
        self._server_ms = int(self.public("/fapi/v1/time").body["serverTime"])
        self._read_s = time.monotonic()

    def close(self) -> None:
        self._connection.close()

    def now_ms(self) -> int:
        """Never ahead of the exchange: counted from when its time had arrived here."""
        return self._server_ms + int((time.monotonic() - self._read_s) * 1000 * self._speed)

    def raw(
        self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        sent = {"X-MBX-APIKEY": self.keys.api_key} if headers is None else headers
        self._connection.request(method, target, body or None, sent)
        response = self._connection.getresponse()
        text = response.read()
        return Answer(response.status, dict(response.getheaders()), json.loads(text))

    def signed(self, method: str, path: str, **params: Any) -> Answer:
        params.update(timestamp=self.now_ms(), recvWindow=_WINDOW_MS)
        text = urlencode({name: value for name, value in params.items() if value is not None})
        return self.raw(method, f"{path}?{text}&signature={self.sign(text)}")
