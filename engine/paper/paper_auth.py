"""Who asks, and is it really them: parameters, keys, clock and signature.

The venue checks in this order: key, mandatory parameters, clock, signature. The
signed text is the query followed by the body exactly as they were received, with
`signature` taken out wherever it stood.
"""

from __future__ import annotations

import re
from functools import cached_property
from urllib.parse import unquote_plus

from engine.paper.paper_refusals import illegal, missing, refusal
from engine.wire.endpoints import Security
from engine.wire.signing import Signer, signer_for

Params = dict[str, str]

_SIGNATURE = re.compile(r"(?:^|&)signature=[^&]*")
_INTEGER = re.compile(r"[0-9]{1,19}")
_KEY_LENGTH = 64
_DEFAULT_WINDOW_MS = 5000
_LONGEST_WINDOW_MS = 60_000
_MAY_BE_AHEAD_MS = 1000


class ApiKey:
    """One key of one account and how its signatures are checked."""

    def __init__(self, key: str, account_id: str, secret: str) -> None:
        self.key = key
        self.account_id = account_id
        self._secret = secret

    @cached_property
    def signer(self) -> Signer:
        """Made at its first use: reading a PEM takes longer than a whole order."""
        return signer_for(self._secret)


def parse_parameters(query: str, body: str) -> Params:
    """Query and form body as one; a name in both is taken from the query (venue rule).

    Raises VenueError -1101 when one place names a parameter twice.
    """
    params = _parse(body) if body else {}
    params.update(_parse(query))
    return params


def _parse(text: str) -> Params:
    params: Params = {}
    for part in text.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            name, value = unquote_plus(name), unquote_plus(value)
        if name in params:
            raise refusal(-1101)
        params[name] = value
    return params


class KeyRing:
    """All keys of the venue. Reads only; safe to share."""

    def __init__(self, keys: list[ApiKey]) -> None:
        self._keys = {key.key: key for key in keys}

    def authorise(
        self,
        security: Security,
        key_text: str | None,
        params: Params,
        query: str,
        body: str,
        now_ms: int,
    ) -> str | None:
        """The account id, None for public calls. Raises VenueError as the venue would."""
        if security is Security.NONE:
            return None
        key = self.find(key_text)
        if security is Security.SIGNED:
            check_clock(params, now_ms)
            self._check_signature(key, params, query, body)
        return key.account_id

    def find(self, key_text: str | None) -> ApiKey:
        if not key_text or len(key_text) != _KEY_LENGTH or not key_text.isalnum():
            raise refusal(-2014, http_status=401)
        key = self._keys.get(key_text)
        if key is None:
            raise refusal(-2015, http_status=401)
        return key

    @staticmethod
    def _check_signature(key: ApiKey, params: Params, query: str, body: str) -> None:
        signature = params.get("signature")
        if not signature:
            raise missing("signature")
        payload = unsigned(query) + unsigned(body)
        if not key.signer.verify(payload.encode("utf-8", "surrogateescape"), signature):
            raise refusal(-1022)


def unsigned(text: str) -> str:
    """The text that the signature covers."""
    stripped = _SIGNATURE.sub("", text)
    return stripped[1:] if stripped.startswith("&") else stripped


def deadline_ms(params: Params) -> int:
    """The last moment at which the request may be carried out. Raises -1102 or -1100."""
    timestamp = _integer(params, "timestamp")
    if timestamp is None:
        raise missing("timestamp")
    return timestamp + _window_ms(params)


def _window_ms(params: Params) -> int:
    window_ms = _integer(params, "recvWindow")
    return _DEFAULT_WINDOW_MS if window_ms is None else window_ms


def check_clock(params: Params, now_ms: int) -> None:
    """Raise -1102, -1100, -1131 or -1021."""
    timestamp = _integer(params, "timestamp")
    if timestamp is None:
        raise missing("timestamp")
    window_ms = _window_ms(params)
    if window_ms > _LONGEST_WINDOW_MS:
        raise refusal(-1131, "recvWindow must be less than 60000")
    if timestamp >= now_ms + _MAY_BE_AHEAD_MS:
        raise refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - timestamp > window_ms:
        raise refusal(-1021)


def _integer(params: Params, name: str) -> int | None:
    text = params.get(name)
    if text is None or text == "":
        return None
    if not _INTEGER.fullmatch(text):
        raise illegal(name, "^[0-9]{1,20}$")
    return int(text)
