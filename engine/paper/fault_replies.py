"""What spoilt replies look like: the venue's own error bodies, broken bytes, raw HTTP. Pure."""

from __future__ import annotations

import re
from http import HTTPStatus

import msgspec

from engine.paper.faults import Play
from engine.paper.paper_refusals import refusal, text_of
from engine.paper.paper_venue import Reply

JSON_TYPE = "application/json"
_UNKNOWN = "Unknown error, please check your request or try again later."
_INTERNAL = "Internal error; unable to process your request. Please try again."
_EVENT_NAME = re.compile(rb'"e":"[^"]*"')
# status, code, text; no code where the venue sends none
_ERRORS: dict[str, tuple[int, int | None, str]] = {
    "unknown_503": (503, -1000, _UNKNOWN),
    "unavailable_503": (503, None, "Service Unavailable."),
    "internal_503": (503, None, _INTERNAL),
    "throttled_503": (503, -1008, refusal(-1008).text),
    "timeout_1007": (
        408,
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; "
        "execution status unknown.",
    ),
    "unknown_1000": (400, -1000, refusal(-1000).text),
    "disconnected_1001": (400, -1001, _INTERNAL),
    "amend_limit": (400, -5026, refusal(-5026).text),
    "rate_limited_429": (
        429,
        -1003,
        "Too many requests; current limit of IP(127.0.0.1) is 2400 requests per minute. "
        "Please use the websocket for live updates to avoid polling the API.",
    ),
    "banned_418": (418, -1003, "Way too many requests; IP(127.0.0.1) banned until {until_ms}."),
}


def is_error(play: Play) -> bool:
    return play.fault in _ERRORS or play.fault in ("gateway_html", "refused")


def error_reply(play: Play, path: str, now_ms: int) -> Reply:
    """The reply by REST that stands in for the real one."""
    if play.fault == "gateway_html":
        return _gateway_page(play["status"])
    status, code, text = _error(play, now_ms)
    headers: dict[str, str] = {}
    body: dict[str, object] = {"msg": text} if code is None else {"code": code, "msg": text}
    if "retry_after_s" in play.rule.args:
        headers["Retry-After"] = str(play["retry_after_s"])
    if play.rule.args.get("bare"):
        body = {"timestamp": now_ms, "path": path, "msg": text}
    return Reply(status, msgspec.json.encode(body), headers)


def socket_error(play: Play, request_id: object, now_ms: int) -> bytes:
    """The same as a reply of the order WebSocket, which always names a code."""
    status, code, text = _error(play, now_ms)
    error: dict[str, object] = {"code": -1000 if code is None else code, "msg": text}
    if "retry_after_s" in play.rule.args:
        error["data"] = {
            "serverTime": now_ms,
            "retryAfter": now_ms + 1000 * play["retry_after_s"],
        }
    return msgspec.json.encode({"id": request_id, "status": status, "error": error})


def _error(play: Play, now_ms: int) -> tuple[int, int | None, str]:
    if play.fault == "refused":
        return 400, play["code"], text_of(play["code"])
    status, code, text = _ERRORS[play.fault]
    until_ms = now_ms + 1000 * int(play.rule.args.get("retry_after_s", 0))
    return status, code, text.replace("{until_ms}", str(until_ms))


def _gateway_page(status: int) -> Reply:
    title = f"{status} {HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, page.encode(), {"Content-Type": "text/html"})


def spoil(payload: bytes, play: Play) -> bytes:
    """The payload as `how` breaks it; an oversized one is whole JSON and too long."""
    how = play["how"]
    if how == "bad_json":
        return payload.replace(b":", b"", 1) if b":" in payload else payload + b"]"
    if how == "bad_utf8":
        middle = len(payload) // 2
        return payload[:middle] + b"\xff\xfe\xc0" + payload[middle:]
    if how == "truncated":
        return payload[: len(payload) // 2]
    size: int = play["bytes"]
    return payload + b" " * max(0, size - len(payload))


def renamed(payload: bytes) -> bytes:
    """The event as of a day when the venue has news that nobody here has heard of."""
    return _EVENT_NAME.sub(b'"e":"UNHEARD_OF"', payload, count=1)


def raw_http(reply: Reply) -> bytes:
    """The reply as its bytes on the wire, for a connection that ends with it."""
    head = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    fields = {"Content-Type": JSON_TYPE, **reply.headers, "Connection": "close"}
    fields["Content-Length"] = str(len(reply.body))
    head += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + reply.body
