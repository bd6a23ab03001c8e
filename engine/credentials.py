"""API keys: kept for this session, from environment variables, or in the system's key store.

The only importer of keyring. Never in a file: a key store that writes plain text is
not used for keeping. Every function here may block, as key stores ask for passwords.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import CredentialsError
from engine.events.keys import KeyPlace
from engine.secret import Credentials, Secret

SERVICE = "perpdesk"

_PART_CHARS = 1200  # Windows keeps 1280 characters in an entry; an RSA key is longer
_MOST_PARTS = 8
_SAFE_PRIORITY = 1  # keyring's own mark of a store that is fit for secrets

# kept in memory until the program ends; one assignment at a time, so it needs no lock
_session: dict[str, Credentials] = {}


def find_credentials(environment: str) -> Credentials:
    """Blocks on the key store. Raises CredentialsError with what to do about it."""
    found = _session.get(environment) or _from_variables() or _from_key_store(environment)
    if found is None:
        raise CredentialsError(
            f"There is no API key for {environment!r}. Add one under 'Exchange keys'"
            " (click the environment at the top left), or set PERPDESK_API_KEY and"
            " PERPDESK_API_SECRET."
        )
    return found


def place_of(environment: str) -> KeyPlace:
    """Where `find_credentials` would take them from. Raises CredentialsError."""
    if environment in _session:
        return KeyPlace.SESSION
    if _from_variables() is not None:
        return KeyPlace.VARIABLES
    if _from_key_store(environment) is not None:
        return KeyPlace.KEY_STORE
    return KeyPlace.NOWHERE


def has_key_store() -> bool:
    """False where the system offers none, or one that would write plain text."""
    import keyring  # noqa: PLC0415 - costs start-up time, and paper never needs it

    try:
        with _told_as_ours():
            return bool(keyring.get_keyring().priority >= _SAFE_PRIORITY)
    except CredentialsError:
        return False


def keep_credentials(environment: str, credentials: Credentials, *, session_only: bool) -> None:
    """Replaces what was kept. Raises CredentialsError."""
    if session_only:
        _session[environment] = credentials
        return
    if not has_key_store():
        raise CredentialsError(
            "This system offers no key store, so the keys can be kept for this session only."
        )
    import keyring  # noqa: PLC0415

    secret = credentials.api_secret.reveal()
    parts = [secret[at : at + _PART_CHARS] for at in range(0, len(secret), _PART_CHARS)]
    if len(parts) > _MOST_PARTS:
        raise CredentialsError("The secret is longer than any key of the exchange.")
    _forget(environment)  # a longer one before would leave its last parts behind
    with _told_as_ours():
        for name, part in zip(_secret_names(environment), parts, strict=False):
            keyring.set_password(SERVICE, name, part)
        keyring.set_password(SERVICE, f"{environment}.api_key", credentials.api_key)
    _session.pop(environment, None)


def remove_credentials(environment: str) -> None:
    """From memory and the key store. Raises CredentialsError."""
    _session.pop(environment, None)
    if has_key_store():
        _forget(environment)


def _from_variables() -> Credentials | None:
    api_key = os.environ.get("PERPDESK_API_KEY", "").strip()
    api_secret = os.environ.get("PERPDESK_API_SECRET", "").strip()
    if bool(api_key) != bool(api_secret):
        missing = "PERPDESK_API_SECRET" if api_key else "PERPDESK_API_KEY"
        raise CredentialsError(f"{missing} is not set, but its twin is: set both or neither.")
    return Credentials(api_key, Secret(api_secret)) if api_key else None


def _from_key_store(environment: str) -> Credentials | None:
    import keyring  # noqa: PLC0415
    from keyring.errors import NoKeyringError  # noqa: PLC0415

    with _told_as_ours():
        try:
            api_key = keyring.get_password(SERVICE, f"{environment}.api_key")
        except NoKeyringError:
            return None
        parts: list[str] = []
        for name in _secret_names(environment) if api_key else ():
            part = keyring.get_password(SERVICE, name)
            if not part:
                break
            parts.append(part)
    if not api_key or not parts:
        return None
    return Credentials(api_key, Secret("".join(parts)))


def _forget(environment: str) -> None:
    import keyring  # noqa: PLC0415

    with _told_as_ours():
        for name in (f"{environment}.api_key", *_secret_names(environment)):
            if keyring.get_password(SERVICE, name) is not None:
                keyring.delete_password(SERVICE, name)


def _secret_names(environment: str) -> list[str]:
    """The first entry is the whole of every key but RSA."""
    first = f"{environment}.api_secret"
    return [first, *(f"{first}.{number}" for number in range(2, _MOST_PARTS + 1))]


@contextmanager
def _told_as_ours() -> Iterator[None]:
    """A key store's error names what it holds, so its text goes no further."""
    try:
        yield
    except _store_errors() as error:
        raise CredentialsError(
            f"The system's key store does not answer as it should ({type(error).__name__})."
            " Keep the keys for this session only, or set PERPDESK_API_KEY and"
            " PERPDESK_API_SECRET."
        ) from None


def _store_errors() -> tuple[type[Exception], ...]:
    """keyring lets the errors of the system's own store through."""
    from keyring.errors import KeyringError  # noqa: PLC0415

    kinds: list[type[Exception]] = [KeyringError, OSError, RuntimeError]
    if sys.platform == "win32":
        kinds.append(importlib.import_module("win32ctypes.pywin32.pywintypes").error)
    return tuple(kinds)
