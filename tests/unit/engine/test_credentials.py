import pickle

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringError

from engine import credentials as kept
from engine.credentials import SERVICE, find_credentials
from engine.errors import CredentialsError
from engine.events.keys import KeyPlace
from engine.secret import Credentials, Secret, cleaned


class MemoryStore(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password

    def delete_password(self, service, username):
        del self.entries[service, username]


class BrokenStore(MemoryStore):
    def get_password(self, service, username):
        raise KeyringError("locked: hunter2")


@pytest.fixture
def no_variables(monkeypatch):
    monkeypatch.delenv("PERPDESK_API_KEY", raising=False)
    monkeypatch.delenv("PERPDESK_API_SECRET", raising=False)
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_secret_never_shows_itself():
    secret = Secret("hunter2")
    credentials = Credentials("abcdefgh", secret)
    assert "hunter2" not in f"{secret} {secret!r} {credentials!r} {secret:>20}"
    assert "abcdefgh" not in repr(credentials)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret.reveal() == "hunter2"


def test_environment_variables_come_first(monkeypatch):
    monkeypatch.setenv("PERPDESK_API_KEY", "key")
    monkeypatch.setenv("PERPDESK_API_SECRET", "hunter2")
    assert find_credentials("live").api_secret.reveal() == "hunter2"


def test_half_a_pair_is_said(monkeypatch):
    monkeypatch.setenv("PERPDESK_API_KEY", "key")
    monkeypatch.delenv("PERPDESK_API_SECRET", raising=False)
    with pytest.raises(CredentialsError, match="PERPDESK_API_SECRET is not set"):
        find_credentials("live")


def test_the_key_store_is_asked_per_environment(no_variables):
    store = MemoryStore()
    store.set_password(SERVICE, "testnet.api_key", "key")
    store.set_password(SERVICE, "testnet.api_secret", "hunter2")
    keyring.set_keyring(store)
    assert find_credentials("testnet").api_key == "key"
    with pytest.raises(CredentialsError, match="no API key for 'live'"):
        find_credentials("live")


def test_a_broken_key_store_is_a_sentence_without_its_text(no_variables):
    keyring.set_keyring(BrokenStore())
    with pytest.raises(CredentialsError) as caught:
        find_credentials("live")
    assert "hunter2" not in str(caught.value)
    assert "PERPDESK_API_KEY" in str(caught.value)


PEM = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(["A" * 64] * 60) + "\n-----END PRIVATE KEY-----"


@pytest.fixture
def store(no_variables, monkeypatch):
    monkeypatch.setattr(kept, "_session", {})
    made = MemoryStore()
    keyring.set_keyring(made)
    return made


def test_a_long_key_is_kept_in_parts_that_windows_can_hold(store):
    kept.keep_credentials("live", Credentials("key", Secret(PEM)), session_only=False)
    assert max(map(len, store.entries.values())) <= 1280
    assert find_credentials("live").api_secret.reveal() == PEM
    assert kept.place_of("live") is KeyPlace.KEY_STORE
    kept.keep_credentials("live", Credentials("key", Secret("short")), session_only=False)
    assert find_credentials("live").api_secret.reveal() == "short"
    kept.remove_credentials("live")
    assert store.entries == {}
    assert kept.place_of("live") is KeyPlace.NOWHERE


def test_keys_for_this_session_are_in_no_store_and_come_first(store):
    kept.keep_credentials("live", Credentials("old", Secret("a")), session_only=False)
    before = dict(store.entries)
    kept.keep_credentials("live", Credentials("new", Secret("b")), session_only=True)
    assert (find_credentials("live").api_key, kept.place_of("live")) == ("new", KeyPlace.SESSION)
    assert store.entries == before


def test_a_secret_that_no_key_has_is_refused(store):
    with pytest.raises(CredentialsError, match="longer than any key"):
        kept.keep_credentials("live", Credentials("key", Secret("x" * 20_000)), session_only=False)


def test_without_a_store_only_the_session_is_offered(store, monkeypatch):
    keyring.set_keyring(fail.Keyring())
    assert not kept.has_key_store()
    assert kept.place_of("live") is KeyPlace.NOWHERE
    with pytest.raises(CredentialsError, match="this session only"):
        kept.keep_credentials("live", Credentials("key", Secret("x")), session_only=False)
    kept.keep_credentials("live", Credentials("key", Secret("x")), session_only=True)
    kept.remove_credentials("live")
    with pytest.raises(CredentialsError, match="no API key"):
        find_credentials("live")


def test_a_store_whose_fitness_cannot_be_told_is_none(store, monkeypatch):
    def no_bus():
        raise RuntimeError("no session bus")

    monkeypatch.setattr(keyring, "get_keyring", no_bus)
    assert not kept.has_key_store()


def test_variables_are_said(store, monkeypatch):
    monkeypatch.setenv("PERPDESK_API_KEY", "key")
    monkeypatch.setenv("PERPDESK_API_SECRET", "x")
    assert kept.place_of("live") is KeyPlace.VARIABLES


@pytest.mark.parametrize("mark", [" ", "\r\n", " \u2028"])
def test_a_pem_that_lost_its_line_ends_is_mended(mark):
    pasted = f"  {PEM.replace(chr(10), mark)} "
    assert cleaned(" key ", pasted).api_secret.reveal() == PEM


def test_a_plain_secret_is_kept_as_it_is():
    made = cleaned(" key\n", " hunter2 ")
    assert (made.api_key, made.api_secret.reveal()) == ("key", "hunter2")


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "Both"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA", "cut off"),
        ("-----BEGIN PUBLIC KEY-----AA-----END PUBLIC KEY-----", "private one"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----A-----END ENCRYPTED PRIVATE KEY-----", "password"),
    ],
)
def test_what_is_no_private_key_is_said(secret, words):
    with pytest.raises(CredentialsError, match=words):
        cleaned("key", secret)
