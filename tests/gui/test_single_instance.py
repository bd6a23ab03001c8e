"""A second start with the same data folder shows the first window and ends."""

import subprocess
import sys

from PySide6.QtNetwork import QLocalServer

from desktop.single_instance import SingleInstance

SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop.single_instance import SingleInstance
app = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]))
print(instance.is_first)
"""


def start_second(folder):
    return subprocess.Popen(
        [sys.executable, "-c", SECOND, str(folder)], stdout=subprocess.PIPE, text=True
    )


def answer_of(process):
    with process:
        return process.communicate(timeout=60)[0].strip()


def test_a_second_start_is_told_to_end_and_the_first_hears_of_it(qtbot, tmp_path):
    first = SingleInstance(tmp_path)
    assert first.is_first
    with qtbot.waitSignal(first.second_start):
        second = start_second(tmp_path)
    assert answer_of(second) == "False"
    first.close()


def test_another_folder_is_another_desk(qtbot, tmp_path):
    first = SingleInstance(tmp_path / "a")
    other = SingleInstance(tmp_path / "b ü")
    assert first.is_first
    assert other.is_first
    first.close()
    other.close()


def test_after_the_first_has_ended_the_next_is_first(qtbot, tmp_path):
    SingleInstance(tmp_path).close()
    again = SingleInstance(tmp_path)
    assert again.is_first
    again.close()


def test_what_a_killed_process_left_behind_is_cleared_away(qtbot, tmp_path, monkeypatch):
    listens = iter([False])
    really_listen = QLocalServer.listen
    monkeypatch.setattr(
        QLocalServer, "listen", lambda server, name: next(listens, None) is None
        and really_listen(server, name)
    )  # fmt: skip
    instance = SingleInstance(tmp_path)
    assert instance.is_first
    with qtbot.waitSignal(instance.second_start):
        second = start_second(tmp_path)
    assert answer_of(second) == "False"
    instance.close()
