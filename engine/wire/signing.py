"""Signing a request: the signature covers exactly the bytes that are sent.

HMAC-SHA256 gives lower-case hex; RSA (PKCS#1 v1.5, SHA-256) and Ed25519 give
base64. Venue rule: General Info, "SIGNED Endpoint Security".

pycryptodome is imported where a PEM key is met: HMAC keys need none of it, and
its import takes longer than the rest of a program's start on some machines.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

from engine.errors import CredentialsError

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")


def encode_params(params: Mapping[str, object]) -> str:
    """`k=v&k=v`, percent-encoded as RFC 3986 asks; None and empty values left out."""
    kept = [f"{k}={_encoded(_text(v))}" for k, v in params.items() if v is not None and v != ""]
    return "&".join(kept)


def _encoded(text: str) -> str:
    # nearly every value is plain, and looking costs a fifth of encoding
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Signer(Protocol):
    def sign(self, payload: bytes) -> str:
        """The signature as text, not yet percent-encoded."""

    def verify(self, payload: bytes, signature: str) -> bool:
        """For the venue's side; False on any malformed signature."""


class HmacSigner:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode("utf-8")

    def sign(self, payload: bytes) -> str:
        return hmac.new(self._secret, payload, hashlib.sha256).hexdigest()

    def verify(self, payload: bytes, signature: str) -> bool:
        expected = self.sign(payload).encode("ascii")
        return hmac.compare_digest(expected, signature.lower().encode("utf-8"))


class RsaSigner:
    """A PKCS#8 private key signs; a public key can only verify."""

    def __init__(self, pem: str) -> None:
        from Crypto.Hash import SHA256  # noqa: PLC0415
        from Crypto.PublicKey import RSA  # noqa: PLC0415
        from Crypto.Signature import pkcs1_15  # noqa: PLC0415

        self._scheme = pkcs1_15.new(RSA.import_key(pem))
        self._digest = SHA256.new

    def sign(self, payload: bytes) -> str:
        return base64.b64encode(self._scheme.sign(self._digest(payload))).decode("ascii")

    def verify(self, payload: bytes, signature: str) -> bool:
        try:
            self._scheme.verify(self._digest(payload), base64.b64decode(signature, validate=True))
        except (ValueError, TypeError):
            return False
        return True


class Ed25519Signer:
    def __init__(self, pem: str) -> None:
        from Crypto.PublicKey import ECC  # noqa: PLC0415
        from Crypto.Signature import eddsa  # noqa: PLC0415

        key = ECC.import_key(pem)
        self._signer = eddsa.new(key, "rfc8032") if key.has_private() else None
        self._verifier = eddsa.new(key.public_key(), "rfc8032")

    def sign(self, payload: bytes) -> str:
        if self._signer is None:
            raise CredentialsError("This Ed25519 key is a public key and cannot sign.")
        return base64.b64encode(self._signer.sign(payload)).decode("ascii")

    def verify(self, payload: bytes, signature: str) -> bool:
        try:
            self._verifier.verify(payload, base64.b64decode(signature, validate=True))
        except (ValueError, TypeError):
            return False
        return True


def signer_for(secret: str) -> Signer:
    """HMAC for a plain secret; RSA or Ed25519 for PEM text, by what is inside.

    Raises CredentialsError when the PEM cannot be read (the text is not shown).
    """
    if "-----BEGIN" not in secret:
        return HmacSigner(secret)
    try:
        return Ed25519Signer(secret)
    except (ValueError, CredentialsError):
        pass
    try:
        return RsaSigner(secret)
    except (ValueError, IndexError, TypeError):
        raise CredentialsError(
            "The private key is neither an Ed25519 nor an RSA key in PEM form."
        ) from None


def new_ed25519_pem() -> str:
    """A new private key in PEM form, unencrypted."""
    from Crypto.PublicKey import ECC  # noqa: PLC0415

    return ECC.generate(curve="ed25519").export_key(format="PEM")
