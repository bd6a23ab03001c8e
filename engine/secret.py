"""A secret that cannot be shown by accident, and the pair that signs requests."""

from __future__ import annotations


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
