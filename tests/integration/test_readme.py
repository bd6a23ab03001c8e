"""What the README prints works as printed."""

from __future__ import annotations

import re
from pathlib import Path

from engine.config import default_config
from engine.trading_engine import TradingEngine

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_script_trades(tmp_path, monkeypatch, capsys):
    script = re.search(r"<!-- script -->\n```python\n(.*?)```", README, re.DOTALL)[1]
    assert len([line for line in script.splitlines() if line.strip()]) <= 10
    really_open = TradingEngine.open
    monkeypatch.setattr(
        TradingEngine,
        "open",
        lambda name: really_open(name, config=default_config(), user_data=tmp_path),
    )
    exec(compile(script, "README.md", "exec"), {})
    assert re.fullmatch(r"CANCELED FILLED [\d.]+\n", capsys.readouterr().out)
