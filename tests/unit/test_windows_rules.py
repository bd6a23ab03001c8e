"""What would break on Windows, found by reading the source instead of running there."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("engine/**/*.py"), *ROOT.glob("desktop/**/*.py")])

POSIX_MODULES = {"fcntl", "grp", "pwd", "pty", "resource", "syslog", "termios", "tty", "readline"}
POSIX_NAMES = {
    "os": {
        "fork", "forkpty", "getuid", "geteuid", "getgid", "getppid", "getpgid", "killpg", "mkfifo",
        "nice", "setsid", "sched_setaffinity", "sched_getaffinity", "uname", "sysconf", "wait",
        "WNOHANG", "unshare",
    },
    "signal": {"SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "alarm", "pause", "setitimer"},
    "socket": {"AF_UNIX", "AF_NETLINK"},
    "select": {"poll", "epoll", "kqueue"},
}  # fmt: skip
TEXT_CALLS = {"open", "read_text", "write_text"}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def guarded_lines(tree: ast.Module) -> set[int]:
    """Lines that run only where the platform or the name itself was asked for."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.BoolOp | ast.FunctionDef):
            asked = ast.dump(node.test) if isinstance(node, ast.If | ast.IfExp) else ast.dump(node)
            if "attr='platform'" in asked or "id='hasattr'" in asked:
                lines |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def posix_only(tree: ast.Module) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, a.name) for a in node.names if a.name in POSIX_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module in POSIX_MODULES:
            found.append((node.lineno, node.module))
        elif isinstance(node, ast.Attribute) and node.attr in POSIX_NAMES.get(_owner(node), ()):
            found.append((node.lineno, f"{_owner(node)}.{node.attr}"))
    safe = guarded_lines(tree) if found else set()
    return [(line, what) for line, what in found if line not in safe]


def unsaid_encodings(tree: ast.Module) -> list[int]:
    """Text files opened with whatever encoding the system happens to have."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        is_file = isinstance(node.func, ast.Attribute) and _owner(node.func) not in (
            "self", "engine", "TradingEngine", "JournalWriter", "connection", "webbrowser",
        )  # fmt: skip
        if name not in TEXT_CALLS or (name == "open" and not (_has_mode(node) and is_file)):
            continue
        mode = _mode(node) if name == "open" else ""
        if "b" not in mode and not any(k.arg == "encoding" for k in node.keywords):
            found.append(node.lineno)
    return found


def _owner(attribute: ast.Attribute) -> str:
    return attribute.value.id if isinstance(attribute.value, ast.Name) else ""


def _mode(call: ast.Call) -> str:
    values = [*call.args, *(k.value for k in call.keywords if k.arg == "mode")]
    texts = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    return next((t for t in texts if set(t) <= set("rwabxt+") and t), "")


def _has_mode(call: ast.Call) -> bool:
    return bool(_mode(call))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os\nos.fork()", ["os.fork"]),
        ("import fcntl", ["fcntl"]),
        ("import os, sys\nif sys.platform != 'win32':\n    os.fork()", []),
        ("import signal\nif hasattr(signal, 'SIGHUP'):\n    signal.SIGHUP", []),
    ],
)
def test_the_reading_finds_what_it_is_meant_to_find(source, expected):
    assert [what for _, what in posix_only(ast.parse(source))] == expected


def test_an_unsaid_encoding_is_found():
    assert unsaid_encodings(ast.parse("p.open('w')\np.read_text()\np.open('rb')")) == [1, 2]
    assert not unsaid_encodings(ast.parse("p.open('w', encoding='utf-8')"))


def test_no_call_that_only_posix_has():
    found = {str(f.relative_to(ROOT)): posix_only(parsed(f)) for f in SOURCES}
    assert {name: what for name, what in found.items() if what} == {}


def test_every_text_file_says_its_encoding():
    found = {str(f.relative_to(ROOT)): unsaid_encodings(parsed(f)) for f in SOURCES}
    assert {name: lines for name, lines in found.items() if lines} == {}
