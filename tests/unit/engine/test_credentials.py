import pickle

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from engine.credentials import SERVICE, Credentials, Secret, find_credentials
from engine.errors import CredentialsError


class MemoryStore(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password


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
