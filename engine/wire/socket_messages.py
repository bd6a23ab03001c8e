"""The order socket's requests and replies: JSON over one WebSocket, matched by id.

Venue rule: the signature covers all other parameters as `k=v`, sorted by name and
not percent-encoded. Whole numbers travel as numbers, amounts as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from engine.wire.signing import Signer
from engine.wire.whole import Whole

# row of wire.endpoints -> method of the socket; both take the same parameters
SOCKET_METHODS: Mapping[str, str] = MappingProxyType(
    {
        "place_order": "order.place",
        "amend_order": "order.modify",
        "cancel_order": "order.cancel",
        "place_algo": "algoOrder.place",
        "cancel_algo": "algoOrder.cancel",
    }
)
LOGON = "session.logon"
HANDSHAKE_WEIGHT = 5
LOGON_WEIGHT = 2

SocketParams = dict[str, str | int]

_INTERVALS = {"SECOND": "s", "MINUTE": "m", "HOUR": "h", "DAY": "d"}
_LIMIT_HEADERS = {"REQUEST_WEIGHT": "x-mbx-used-weight-", "ORDERS": "x-mbx-order-count-"}


class SocketLimit(msgspec.Struct, frozen=True, rename="camel"):
    rate_limit_type: str = ""
    interval: str = ""
    interval_num: Whole = 0
    count: Whole = 0


class SocketErrorData(msgspec.Struct, frozen=True, rename="camel"):
    """Both by the venue's clock, in ms; 0: not told."""

    server_time: Whole = 0
    retry_after: Whole = 0


class SocketError(msgspec.Struct, frozen=True):
    code: Whole = 0
    msg: str = ""
    data: SocketErrorData | None = None


class SocketReply(msgspec.Struct, frozen=True, rename="camel"):
    """`id` is None in what the venue says unasked, such as the end of a session."""

    id: int | str | None = None
    status: Whole = 0
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: SocketError | None = None
    rate_limits: tuple[SocketLimit, ...] = ()


def socket_params(
    params: Mapping[str, object], timestamp_ms: int, recv_window_ms: int
) -> SocketParams:
    """As they are sent inside a session that has logged on."""
    sent: SocketParams = {}
    for name, value in params.items():
        if value is None or value == "":
            continue
        if isinstance(value, bool):
            sent[name] = "true" if value else "false"
        else:
            sent[name] = value if isinstance(value, int) else str(value)
    sent["recvWindow"] = recv_window_ms
    sent["timestamp"] = timestamp_ms
    return sent


def sign(params: SocketParams, api_key: str, signer: Signer) -> SocketParams:
    """The same parameters with key and signature."""
    signed = {**params, "apiKey": api_key}
    payload = "&".join([f"{name}={signed[name]}" for name in sorted(signed)])
    signed["signature"] = signer.sign(payload.encode("utf-8"))
    return signed


def encode_request(request_id: int, method: str, params: SocketParams) -> bytes:
    return msgspec.json.encode({"id": request_id, "method": method, "params": params})


def limit_headers(limits: tuple[SocketLimit, ...]) -> dict[str, str]:
    """The figures in the form in which HTTP answers carry them: x-mbx-used-weight-1m ..."""
    headers = {}
    for row in limits:
        head, unit = _LIMIT_HEADERS.get(row.rate_limit_type), _INTERVALS.get(row.interval)
        if head and unit:
            headers[f"{head}{row.interval_num}{unit}"] = str(row.count)
    return headers
