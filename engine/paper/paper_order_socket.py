"""The order WebSocket: JSON requests to the same venue, no HTTP in between.

One session per connection. A session that has logged on with an Ed25519 key may
leave `apiKey` and `signature` out, but still sends `timestamp`. The signature
covers all other parameters, sorted by name. Limits are shared with REST.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from engine.errors import RateLimited, VenueError
from engine.paper.paper_auth import ApiKey, Params, check_clock
from engine.paper.paper_refusals import missing, refusal
from engine.paper.paper_streams import text_frame
from engine.paper.paper_venue import PaperVenue
from engine.wire.endpoints import ENDPOINTS, Security
from engine.wire.signing import Ed25519Signer

HANDSHAKE_WEIGHT = 5
_SESSION_WEIGHT = 2
_ENDPOINT_OF: Mapping[str, str] = {
    "order.place": "place_order",
    "order.modify": "amend_order",
    "order.cancel": "cancel_order",
    "order.status": "query_order",
    "algoOrder.place": "place_algo",
    "algoOrder.cancel": "cancel_algo",
    "account.status": "account_v2",
    "v2/account.status": "account",
    "account.balance": "balance_v2",
    "v2/account.balance": "balance",
    "account.position": "position_risk_v2",
    "v2/account.position": "position_risk",
    "depth": "depth",
    "ticker.price": "ticker_price_v2",
    "ticker.book": "book_ticker",
    "userDataStream.start": "create_listen_key",
    "userDataStream.ping": "keep_listen_key",
    "userDataStream.stop": "close_listen_key",
    "ping": "ping",
    "time": "time",
}


class Asked(NamedTuple):
    """One request as a glance shows it, before anything is checked."""

    request_id: object
    method: str
    path: str
    api_key: str | None
    params: Params


class OrderSocketSession:
    """Answers one connection's requests. One thread only."""

    def __init__(self, venue: PaperVenue, address: str, query: str) -> None:
        """Raises VenueError when the handshake itself is over the limit."""
        self._venue = venue
        self._address = address
        self._connected_ms = venue.now_ms()
        self._key: ApiKey | None = None
        self._authorised_ms: int | None = None
        self._arrived_ms = self._connected_ms
        self._shows_limits = dict(parse_qsl(query)).get("returnRateLimits") != "false"
        self._session_methods = {
            "session.logon": self._log_on,
            "session.status": self._status,
            "session.logout": self._log_out,
        }
        venue.weight_counter(address).take(HANDSHAKE_WEIGHT, self._connected_ms)

    def answer(self, text: str) -> bytes:
        """The reply to one request, as a frame."""
        return text_frame(self.reply(text))

    def describe(self, text: str) -> Asked:
        """What is asked, by the REST call that does the same; all empty for nonsense."""
        try:
            request = _request(text)
        except VenueError:
            return Asked(None, "", "", None, {})
        params = _text_params(request.get("params") or {})
        endpoint = ENDPOINTS.get(_ENDPOINT_OF.get(str(request["method"]), ""))
        known = None if self._key is None else self._key.key
        return Asked(
            request.get("id"),
            "" if endpoint is None else endpoint.method,
            "" if endpoint is None else endpoint.path,
            params.get("apiKey", known),
            params,
        )

    def reply(self, text: str, arrived_ms: int = 0) -> bytes:
        """The reply to one request; records and events are out before it.

        `arrived_ms` is earlier than now when the request was held up; 0: it was not.
        """
        now_ms = self._venue.now_ms()
        self._arrived_ms = arrived_ms or now_ms
        reply: dict[str, object] = {"id": None}
        shows_limits = self._shows_limits
        account_ids: list[str] = []
        try:
            request = _request(text)
            reply["id"] = request.get("id")
            params = _text_params(request.get("params") or {})
            shows_limits = params.get("returnRateLimits", str(shows_limits)).lower() != "false"
            result = self._perform(str(request["method"]), params, now_ms, account_ids)
            reply.update(status=200, result=result)
        except VenueError as error:
            reply.update(status=error.http_status, error=_error(error, now_ms))
        self._venue.commit(now_ms)
        if shows_limits:
            reply["rateLimits"] = self._limits(account_ids, now_ms)
        return msgspec.json.encode(reply)

    def _perform(self, method: str, params: Params, now_ms: int, account_ids: list[str]) -> object:
        """`account_ids` takes the account whose order counts belong into the reply."""
        weights = self._venue.weight_counter(self._address)
        session_method = self._session_methods.get(method)
        if session_method is not None:
            weights.take(_SESSION_WEIGHT, now_ms)
            return session_method(params, now_ms)
        name = _ENDPOINT_OF.get(method)
        if name is None:
            raise refusal(-1130, f"Unknown method '{method}'.")
        endpoint = ENDPOINTS[name]
        weights.take(endpoint.weight_of(params), now_ms)
        account_id = self._authorise(endpoint.security, params)
        if account_id is not None and endpoint.orders != (0, 0):
            account_ids.append(account_id)
            self._venue.order_counter(account_id).take(endpoint.orders, now_ms)
        return self._venue.perform(
            endpoint,
            account_id,
            params,
            now_ms,
            default_stp="NONE",
            until_ms=self._venue.deadline_ms(endpoint, params),
        )

    def _authorise(self, security: Security, params: Params) -> str | None:
        if security is Security.NONE:
            return None
        key = self._key
        if key is None or "apiKey" in params:
            key = self._venue.keys.find(params.get("apiKey"))
            if security is Security.SIGNED:
                self._check_clock(params)
                _check_signature(key, params)
        elif security is Security.SIGNED:
            self._check_clock(params)
        return key.account_id

    def _check_clock(self, params: Params) -> None:
        check_clock(params, self._arrived_ms + self._venue.skew_ms)

    def _log_on(self, params: Params, now_ms: int) -> object:
        key = self._venue.keys.find(params.get("apiKey"))
        if not isinstance(key.signer, Ed25519Signer):
            raise refusal(-4056, "HMAC_SHA256 API key is not supported.")
        self._check_clock(params)
        _check_signature(key, params)
        self._key, self._authorised_ms = key, now_ms
        return self._status(params, now_ms)

    def _log_out(self, params: Params, now_ms: int) -> object:
        self._key = self._authorised_ms = None
        return self._status(params, now_ms)

    def _status(self, _params: Params, now_ms: int) -> object:
        return {
            "apiKey": None if self._key is None else self._key.key,
            "authorizedSince": self._authorised_ms,
            "connectedSince": self._connected_ms,
            "returnRateLimits": self._shows_limits,
            "serverTime": now_ms + self._venue.skew_ms,
        }

    def _limits(self, account_ids: list[str], now_ms: int) -> list[dict[str, object]]:
        used_weight = self._venue.weight_counter(self._address).used(now_ms)
        rows = self._venue.limits.rows()
        rows[0]["count"] = used_weight
        if not account_ids:
            return rows[:1]
        ten_seconds, minute = self._venue.order_counter(account_ids[0]).used(now_ms)
        rows[1]["count"], rows[2]["count"] = minute, ten_seconds
        return rows


def _request(text: str) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise refusal(-1130, "Invalid JSON request.") from None
    if not isinstance(request, dict) or not isinstance(request.get("params", {}) or {}, dict):
        raise refusal(-1130, "Invalid JSON request.")
    if not request.get("method"):
        raise missing("method")
    return request


def _text_params(params: Mapping[str, object]) -> Params:
    """As the signed text and the REST handlers see them."""
    texts: Params = {}
    for name, value in params.items():
        if isinstance(value, bool):
            texts[name] = "true" if value else "false"
        elif isinstance(value, (dict, list)):
            texts[name] = msgspec.json.encode(value).decode()
        elif value is not None:
            texts[name] = str(value)
    return texts


def _check_signature(key: ApiKey, params: Params) -> None:
    signature = params.get("signature")
    if not signature:
        raise missing("signature")
    payload = "&".join(f"{k}={params[k]}" for k in sorted(params) if k != "signature")
    if not key.signer.verify(payload.encode("utf-8"), signature):
        raise refusal(-1022)


def _error(error: VenueError, now_ms: int) -> dict[str, object]:
    body: dict[str, object] = {"code": error.code, "msg": error.text}
    if isinstance(error, RateLimited):
        body["data"] = {
            "serverTime": now_ms,
            "retryAfter": now_ms + round(error.retry_after_s * 1000),
        }
    return body
