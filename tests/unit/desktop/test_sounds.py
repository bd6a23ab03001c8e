"""Sounds never keep the window waiting, and are no error where nothing plays them."""

from __future__ import annotations

import sys
import threading
import wave
from pathlib import Path

import pytest

from desktop import sounds
from desktop.models.notices import Notice
from desktop.sounds import Sounds, system_player
from desktop.theme.resources import resource_path
from tests.helpers.waiting import wait_until


@pytest.mark.parametrize("notice", list(Notice))
def test_every_notice_has_a_short_sound(notice: Notice) -> None:
    with wave.open(str(resource_path("sounds", f"{notice}.wav")), "rb") as file:
        assert 0.1 < file.getnframes() / file.getframerate() < 1.0


def test_a_slow_player_keeps_nobody_waiting_and_piles_nothing_up() -> None:
    go, heard = threading.Event(), []

    def play(file: Path) -> None:
        go.wait(30)
        heard.append(file.name)

    made = Sounds(play)
    for _ in range(20):
        made.play(Notice.FILL)
    go.set()
    wait_until(lambda: len(heard) >= 2)
    made.close()
    assert 2 <= len(heard) <= 3
    made.play(Notice.FILL)  # closed: silence


def test_a_player_that_fails_is_followed_by_the_next_sound() -> None:
    heard: list[str] = []

    def play(file: Path) -> None:
        heard.append(file.name)
        raise OSError("no device")

    made = Sounds(play)
    made.play(Notice.FILL)
    wait_until(lambda: len(heard) == 1)
    made.play(Notice.ALERT)
    wait_until(lambda: heard == ["fill.wav", "alert.wav"])
    made.close()


def test_without_a_player_there_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "system_player", lambda: None)
    made = Sounds()
    made.play(Notice.FILL)
    made.close()


@pytest.mark.skipif(sys.platform == "win32", reason="winsound plays there")
def test_the_first_installed_player_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_player() is None
    player = tmp_path / "aplay"
    player.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/heard"\n', encoding="utf-8")
    player.chmod(0o755)
    play = system_player()
    assert play is not None
    play(Path("a b.wav"))
    assert (tmp_path / "heard").read_text(encoding="utf-8") == "-q a b.wav\n"
