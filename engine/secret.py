"""A secret that cannot be shown by accident, and the pair that signs requests."""

from __future__ import annotations

import re
import textwrap

from engine.errors import CredentialsError

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)


class Secret:
    """Text that prints as stars. `reveal` is for signing and the key store only."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")


class Credentials:
    __slots__ = ("api_key", "api_secret")

    def __init__(self, api_key: str, api_secret: Secret) -> None:
        self.api_key = api_key
        self.api_secret = api_secret

    def __repr__(self) -> str:
        return f"Credentials({self.api_key[:4]}..., ***)"


def cleaned(api_key: str, secret: str) -> Credentials:
    """As pasted: a PEM key may have lost its line ends on the way.

    Raises CredentialsError.
    """
    key, text = api_key.strip(), secret.strip()
    if not key or not text:
        raise CredentialsError("Both the API key and the secret are needed.")
    found = _PEM.search(text)
    if found is None:
        if "-----" in text:
            raise CredentialsError("The private key is cut off: paste all of it, with both lines.")
        return Credentials(key, Secret(text))
    kind, body = found.group(1), "".join(found.group(2).split())
    if "PUBLIC" in kind:
        raise CredentialsError("This is the public key; the private one is needed here.")
    if "ENCRYPTED" in kind or "ENCRYPTED" in body:
        raise CredentialsError("The private key is locked with a password; paste one without.")
    lines = "\n".join(textwrap.wrap(body, 64))
    return Credentials(key, Secret(f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"))
