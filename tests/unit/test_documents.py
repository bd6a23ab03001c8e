"""The documents are true where a program can tell: links lead somewhere, commands can be read."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from engine.config_keys import KEYS
from engine.console.options import parser_of_commands
from engine.journal.fifo_pnl import TRIP_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("resources/help/*.md")])
PLACEHOLDERS = {"CLIENT_ORDER_ID": "pd-1", "ALGO_ID": "pd-2", "PLAN_ID": "pl-1", "N": "2", "S": "7"}


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def console_lines(document: Path) -> list[str]:
    """Each `perpdesk-cli ...` of a shell block, without its comment."""
    blocks = re.findall(r"```(?:sh|powershell)\n(.*?)```", text_of(document), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("perpdesk-cli ")]


def quoted_commands(document: Path) -> set[str]:
    """`perpdesk-cli ...` within a sentence: with what stands in brackets, and without it.

    A name alone, or a list of names, is no command; what `[options]` are is said elsewhere.
    """
    found = re.findall(r"`(perpdesk-cli [^`\n|]+)`", text_of(document))
    found = [line for line in found if "[options]" not in line and len(line.split()) > 2]
    bare = {re.sub(r" *\[[^\]]*\]", "", line) for line in found}
    return bare | {line.replace("[", "").replace("]", "") for line in found}


def named_commands(document: Path) -> set[str]:
    """`perpdesk-cli NAME`, and lists of them: `perpdesk-cli chase | scaled`."""
    found = re.findall(r"`perpdesk-cli ([a-z][a-z-]*(?: \| [a-z-]+)*)`", text_of(document))
    return {name for names in found for name in names.split(" | ")}


def anchors_of(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_every_link_leads_somewhere(document):
    missing = []
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text_of(document)):
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (document.parent / target).resolve() if target else document
        is_there = file.exists() and (
            not anchor or file.suffix != ".md" or anchor in anchors_of(file)
        )
        if not is_there:
            missing.append(f"{target}#{anchor}")
    assert missing == []


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (document, line)
        for document in DOCUMENTS
        for line in sorted({*console_lines(document), *quoted_commands(document)})
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_every_console_command_can_be_read(document, line):
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line)[1:]]
    if words[0] == "paper-server":
        return  # has options of its own; tests/contract starts it
    parser_of_commands().parse_args(words)


def test_some_console_commands_were_looked_at():
    assert len(console_lines(ROOT / "README.md")) >= 8
    assert len(quoted_commands(ROOT / "resources" / "help" / "guide.md")) >= 15


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_every_console_command_that_is_named_exists(document):
    known = parser_of_commands().format_help()
    listed = set(re.findall(r"^    ([a-z-]+)\s", known, re.MULTILINE))
    assert "orders" in listed
    assert named_commands(document) <= listed


def test_every_setting_and_column_that_the_guide_names_is_one():
    named = re.findall(r"`([a-z]+(?:[._][a-z_*…]+)+)`", text_of(ROOT / "resources/help/guide.md"))
    known = {*KEYS, *(key.partition(".")[2] for key in KEYS), *TRIP_COLUMNS}
    known |= {f"{key.partition('.')[0]}.*" for key in KEYS}
    files = {path.name for path in [*ROOT.glob("*.yaml"), *ROOT.glob("resources/strategies/*.py")]}
    others = {"preferences.json", "keeps_orders"}  # written by the window; read from a strategy

    def is_known(name):
        begins = name.removesuffix("…")
        return any(key == name or (begins != name and key.startswith(begins)) for key in known)

    assert len(named) > 10
    assert {name for name in named if not is_known(name)} - files - others == set()


def test_the_shipped_settings_name_every_key_and_its_default():
    document = yaml.safe_load(text_of(ROOT / "config.yaml"))
    given = {}
    for section, content in document.items():
        if section in KEYS:
            given[section] = content
        else:
            given |= {f"{section}.{key}": value for key, value in content.items()}
    assert given.keys() == KEYS.keys()
    wrong = {key: value for key, value in given.items() if KEYS[key][0](key, value) != KEYS[key][1]}
    assert wrong == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_no_document_names_a_path_of_one_machine(document):
    assert not re.search(r"/(work|root|farm)/", text_of(document))
