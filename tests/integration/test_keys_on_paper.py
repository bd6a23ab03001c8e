"""API keys are tried at a real paper exchange before they are kept."""

from __future__ import annotations

import logging

import keyring
import msgspec
import pytest

from engine import credentials as kept
from engine.clock import SystemClock
from engine.config import default_config
from engine.errors import ShuttingDown
from engine.events import CommandRefused
from engine.events.keys import Finding, KeyPlace, KeysChecked, KeysListed
from engine.exchange.rest_client import RestSettings
from engine.key_commands import CheckKeys, KeepKeys, ListKeys, RemoveKeys
from engine.key_desk import KeyDesk
from engine.keys_check import check_keys
from engine.secret import Credentials, Secret
from engine.wire.hosts import Hosts, loopback
from tests.helpers.paper import paper_server
from tests.helpers.waiting import wait_until
from tests.unit.engine.test_credentials import BrokenStore, MemoryStore

CLOCK = SystemClock()


def sentences(findings, kind):
    return " ".join(one.sentence for one in findings if one.finding is kind)


def with_wallet(paper) -> Hosts:
    return msgspec.structs.replace(paper.hosts, wallet=paper.hosts.rest)


def check(hosts: Hosts, credentials: Credentials):
    return check_keys(hosts, credentials, CLOCK, RestSettings(connect_timeout_s=1.0))


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    with paper_server(tmp_path_factory.mktemp("paper")) as process:
        yield process


@pytest.fixture
def credentials(paper):
    return Credentials(paper.api_key, Secret(paper.api_secret))


def test_good_keys_are_found_good(paper, credentials):
    findings = check(with_wallet(paper), credentials)
    assert {one.finding for one in findings} == {Finding.GOOD}
    said = sentences(findings, Finding.GOOD)
    for word in ("clock", "may trade", "cannot withdraw", "chosen addresses", "one-way"):
        assert word in said


def test_a_wrong_secret_and_a_wrong_key_are_told_apart(paper, credentials):
    wrong_secret = check(paper.hosts, Credentials(credentials.api_key, Secret("hunter2")))
    assert "belong together" in sentences(wrong_secret, Finding.BAD)
    wrong_key = check(paper.hosts, Credentials("x" * 64, credentials.api_secret))
    assert "key of this environment" in sentences(wrong_key, Finding.BAD)
    assert "hunter2" not in repr((wrong_secret, wrong_key))


def test_what_cannot_be_a_key_is_said(paper):
    findings = check(paper.hosts, Credentials("ключ", Secret("x")))
    assert "characters that no API key has" in sentences(findings, Finding.BAD)


def test_where_nobody_tells_the_rights_the_person_is_asked_to_look(paper, credentials):
    bare = Hosts(rest=paper.hosts.rest, streams="", ws_api="")
    assert "see to it" in sentences(check(bare, credentials), Finding.WARNING)
    elsewhere = Hosts(rest=paper.hosts.rest, streams="", ws_api="", wallet="http://127.0.0.1:1")
    assert "see to it" in sentences(check(elsewhere, credentials), Finding.WARNING)


def test_an_exchange_that_is_not_there_is_said(credentials):
    findings = check(loopback(1), credentials)
    assert "not reached" in sentences(findings, Finding.BAD)


@pytest.fixture
def desk(paper, monkeypatch):
    """A key desk, what it published, and the store it keeps in."""
    for name in ("PERPDESK_API_KEY", "PERPDESK_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(kept, "_session", {})
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryStore())
    hosts = {"rest": paper.hosts.rest, "streams": paper.hosts.streams, "ws_api": paper.hosts.ws_api}
    config = default_config().with_values(environments={"own": hosts})
    events: list[object] = []
    made = KeyDesk(config, CLOCK, events.append, lambda *_: None)
    yield made, events
    made.stop(30.0)
    keyring.set_keyring(before)


def test_only_what_was_tried_and_found_good_is_kept(desk, credentials, caplog):
    caplog.set_level(logging.DEBUG)
    keys, events = desk
    keys.submit(ListKeys())
    keys.submit(KeepKeys(environment="own"))
    keys.submit(CheckKeys(environment="own", credentials=Credentials("x" * 64, Secret("wrong"))))
    keys.submit(KeepKeys(environment="own"))
    keys.submit(CheckKeys(environment="own", credentials=credentials))
    keys.submit(KeepKeys(environment="own"))
    keys.submit(RemoveKeys(environment="own"))
    keys.submit(CheckKeys(environment="paper", credentials=credentials))
    wait_until(lambda: len(events) == 8)
    listed, early, bad, still, good, now, gone, paper = events
    assert isinstance(listed, KeysListed)
    assert listed.places == dict.fromkeys(("testnet", "live", "own"), KeyPlace.NOWHERE)
    assert isinstance(early, CommandRefused)
    assert isinstance(still, CommandRefused)
    assert isinstance(bad, KeysChecked)
    assert not bad.is_usable
    assert isinstance(good, KeysChecked)
    assert good.is_usable
    assert isinstance(now, KeysListed)
    assert now.places["own"] is KeyPlace.KEY_STORE
    assert isinstance(gone, KeysListed)
    assert gone.places["own"] is KeyPlace.NOWHERE
    assert isinstance(paper, CommandRefused)
    secret = credentials.api_secret.reveal()
    assert secret not in repr(events) + caplog.text
    assert credentials.api_key not in repr(events) + caplog.text


def test_a_closed_desk_takes_nothing(desk):
    keys, _ = desk
    keys.submit(ListKeys())
    assert keys.stop(30.0)
    with pytest.raises(ShuttingDown):
        keys.submit(ListKeys())


def test_a_store_that_does_not_answer_leaves_the_session(desk):
    keys, events = desk
    keyring.set_keyring(BrokenStore())
    keys.submit(ListKeys())
    wait_until(lambda: events)
    (listed,) = events
    assert set(listed.places.values()) == {KeyPlace.NOWHERE}
    assert not listed.has_store
