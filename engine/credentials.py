"""API keys: from the environment, else from the system's key store. Never from a file.

The only importer of keyring. A secret is wrapped the moment it is read, so that
no log line, exception or crash file can show it by accident.
"""

from __future__ import annotations

import os

from engine.errors import CredentialsError

SERVICE = "perpdesk"


class Secret:
    """Text that prints as stars. `reveal` is for signing only."""

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


def find_credentials(environment: str) -> Credentials:
    """Blocks on the key store. Raises CredentialsError with what to do about it."""
    found = _from_environment() or _from_key_store(environment)
    if found is None:
        raise CredentialsError(
            f"There is no API key for {environment!r}. Set PERPDESK_API_KEY and"
            " PERPDESK_API_SECRET, or store both in the system's key store under"
            f" the service {SERVICE!r} as '{environment}.api_key' and '{environment}.api_secret'."
        )
    return found


def _from_environment() -> Credentials | None:
    api_key = os.environ.get("PERPDESK_API_KEY", "").strip()
    api_secret = os.environ.get("PERPDESK_API_SECRET", "").strip()
    if bool(api_key) != bool(api_secret):
        missing = "PERPDESK_API_SECRET" if api_key else "PERPDESK_API_KEY"
        raise CredentialsError(f"{missing} is not set, but its twin is: set both or neither.")
    return Credentials(api_key, Secret(api_secret)) if api_key else None


def _from_key_store(environment: str) -> Credentials | None:
    import keyring  # noqa: PLC0415 - costs start-up time, and paper never needs it
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        api_key = keyring.get_password(SERVICE, f"{environment}.api_key")
        api_secret = keyring.get_password(SERVICE, f"{environment}.api_secret")
    except KeyringError as error:
        raise CredentialsError(
            f"The system's key store cannot be read ({type(error).__name__})."
            " Set PERPDESK_API_KEY and PERPDESK_API_SECRET instead."
        ) from None
    if not api_key or not api_secret:
        return None
    return Credentials(api_key, Secret(api_secret))
