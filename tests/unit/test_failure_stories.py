"""The lists of failure stories and rules name tests that exist, and leave none out."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MILESTONE = (ROOT / "resources/help/milestone.md").read_text(encoding="utf-8")
RULES = (ROOT / "resources/help/gateway-rules.md").read_text(encoding="utf-8")
STORIES = (ROOT / "resources/help/failure-stories.md").read_text(encoding="utf-8")


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("document", "at_least"), [(STORIES, 45), (MILESTONE, 25), (RULES, 90)])
def test_every_named_test_exists(document, at_least):
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", document)
    assert len(named) > at_least
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []


def test_every_file_that_the_milestone_page_names_exists():
    named = re.findall(r"`((?:engine|desktop)/[\w/]+\.py)`", MILESTONE)
    assert len(named) > 25
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_none_of_the_fifty_is_left_out():
    told = {int(number) for number in re.findall(r"F(\d\d)\b", STORIES)}
    assert set(range(1, 51)) - told == set()


def test_every_test_of_a_gateway_rule_is_named_beside_its_rule():
    files = sorted((ROOT / "tests/integration").glob("test_gateway_rules_*.py"))
    written = {
        f"tests/integration/{file.name}::{name}"
        for file in files
        for name in names_in(f"tests/integration/{file.name}")
        if name.startswith("test_")
    }
    assert len(written) > 35
    assert {one for one in written if f"`{one}`" not in RULES} == set()


def test_the_architecture_leads_there():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "resources/help/failure-stories.md" in text
    assert "resources/help/gateway-rules.md" in text
