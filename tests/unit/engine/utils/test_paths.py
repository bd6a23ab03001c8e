"""Where files belong: the system's place, a folder of one's own, or beside a packaged program."""

import sys
from pathlib import Path

import pytest

from engine.config import load_config
from engine.utils import paths


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """As in a package: `sys.frozen`, and the program's file in a folder of its own."""
    folder = tmp_path / "Perpdesk of mine ü"
    folder.mkdir()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(folder / "perpdesk.exe"))
    return folder


def test_a_chosen_folder_is_made_and_wins(tmp_path, packaged):
    (packaged / paths.PORTABLE_FOLDER).mkdir()
    wanted = tmp_path / "new" / "folder with spaces"
    assert paths.user_data_dir(str(wanted)) == wanted
    assert wanted.is_dir()


def test_a_package_with_a_data_folder_beside_it_is_portable(packaged):
    data = packaged / paths.PORTABLE_FOLDER
    data.mkdir()
    assert paths.user_data_dir() == data


def test_a_package_without_one_uses_the_systems_place(packaged, tmp_path, monkeypatch):
    monkeypatch.setattr(
        paths.platformdirs, "user_data_path", lambda *_, **__: tmp_path / "system" / "perpdesk"
    )
    assert paths.user_data_dir() == tmp_path / "system" / "perpdesk"


def test_from_source_no_folder_beside_the_interpreter_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / paths.PORTABLE_FOLDER).mkdir()
    monkeypatch.setattr(paths.platformdirs, "user_data_path", lambda *_, **__: tmp_path / "data")
    assert paths.user_data_dir() == tmp_path / "data"


def test_settings_beside_the_packaged_program_are_found(packaged, monkeypatch):
    monkeypatch.chdir(packaged.parent)
    (packaged / "config.yaml").write_text("paper: {seed: 12}", encoding="utf-8")
    assert load_config()["paper.seed"] == 12


def test_resources_are_in_the_bundle_when_packaged(packaged, monkeypatch):
    monkeypatch.setattr(sys, "_MEIPASS", str(packaged / "_internal"), raising=False)
    assert paths.resource("icons") == Path(packaged / "_internal" / "resources" / "icons")
