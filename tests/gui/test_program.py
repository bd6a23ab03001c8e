"""The program as it is started: its own process, its exit code, its words."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from desktop import platform_check
from desktop.options import parse_options

TIMEOUT_S = 110  # each starts Python, Qt and an exchange


def run(*words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "desktop", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=TIMEOUT_S,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
    )


def test_the_selftest_trades_by_real_clicks_and_passes(tmp_path):
    folder = tmp_path / "user data ü"
    result = run("--selftest", "--user-data", str(folder))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "selftest passed" in result.stdout
    report = json.loads((folder / "selftest.json").read_text(encoding="utf-8"))
    assert report["passed"] is True
    assert len(report["steps"]) >= 10
    assert not (folder / "paper" / "serving.json").exists()


def test_the_selftest_fails_when_the_exchange_is_stopped_half_way(tmp_path):
    words = [sys.executable, "-u", "-m", "desktop", "--selftest", "--user-data", str(tmp_path)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as program:
        said = []
        killer = threading.Timer(TIMEOUT_S, program.kill)
        killer.start()
        exchange = 0
        for line in program.stdout:
            said.append(line)
            found = re.search(r"paper exchange pid=(\d+)", line)
            exchange = int(found[1]) if found else exchange
            if "a limit order rests" in line:
                os.kill(exchange, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        code = program.wait(TIMEOUT_S)
        killer.cancel()
        killer.join()
    assert code == 1, said
    assert "selftest FAILED" in said[-1]


def test_a_picture_of_the_window(tmp_path):
    picture = tmp_path / "new folder" / "window.png"
    result = run("--screenshot", str(picture), "--after", "0.1", "--size", "1280x720")
    assert result.returncode == 0, result.stderr
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20], "big") == 1280


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("exchange: {enviroment: paper}", "exchange.enviroment: is not a known setting"),
        ("oms: {retry_attempts: 99}", "oms.retry_attempts: must be from 1 to 10"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_broken_config_is_a_sentence(tmp_path, content, words):
    file = tmp_path / "broken.yaml"
    file.write_text(content, encoding="utf-8")
    result = run("--config", str(file), "--screenshot", str(tmp_path / "x.png"))
    assert result.returncode == 78
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a display")
def test_without_a_display_it_says_what_to_do():
    result = run(DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert result.returncode == 78
    assert "no display" in result.stderr
    assert "perpdesk-cli" in result.stderr
    assert "Traceback" not in result.stderr


def test_missing_libraries_are_named_with_the_line_that_installs_them(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setattr(platform_check, "_can_load", lambda name: "xcb-cursor" not in name)
    said = platform_check.what_is_missing(offscreen=False, platform="linux")
    assert "libxcb-cursor.so.0" in said
    assert "apt-get install" in said
    assert "libxcb-cursor0" in said
    assert platform_check.what_is_missing(offscreen=True, platform="linux") is None


def test_other_systems_are_not_checked(monkeypatch):
    monkeypatch.setattr(platform_check, "_can_load", lambda name: False)
    assert platform_check.what_is_missing(offscreen=False, platform="win32") is None


@pytest.mark.parametrize(
    "words",
    [["--after", "soon"], ["--after", "-1"], ["--size", "big"], ["--size", "0x5"], ["--colour"]],
)
def test_wrong_options_exit_with_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        parse_options(words)
    assert caught.value.code == 2
    assert words[0].lstrip("-") in capsys.readouterr().err


def test_options_are_read():
    options = parse_options(["--selftest", "--environment", "testnet", "--size", "1440x900"])
    assert options.is_offscreen
    assert options.environment == "testnet"
    assert options.size == (1440, 900)
