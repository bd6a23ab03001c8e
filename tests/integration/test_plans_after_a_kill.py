"""A kill -9 in the middle of a TWAP and a chase: both go on, and nothing is sent twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

from engine.config import default_config
from engine.trading_engine import TradingEngine
from engine.trading_types import PlanState
from tests.helpers.paper import PaperClient, paper_server
from tests.helpers.waiting import wait_until

D = Decimal

_VICTIM = """
import json, sys
from decimal import Decimal
from engine.config import default_config
from engine.protection_commands import StartChase, StartTwap
from engine.trading_engine import TradingEngine
from engine.trading_types import Side

environments, folder = json.loads(sys.argv[1]), sys.argv[2]
config = default_config().with_values(environments=environments)
with TradingEngine.open("desk", config=config, user_data=folder) as engine:
    twap = engine.plans.start(StartTwap(
        symbol="BTCUSDT", side=Side.BUY, quantity=Decimal("0.006"), count=3, duration_s=15))
    chase = engine.plans.start(StartChase(
        symbol="BTCUSDT", side=Side.BUY, quantity=Decimal("0.01"), longest_s=600))
    print(json.dumps([twap.plan_id, chase.plan_id]), flush=True)
    sys.stdin.read()
"""


def test_plans_go_on_after_a_kill_and_nothing_is_sent_twice(tmp_path: Path, monkeypatch) -> None:
    with paper_server(tmp_path / "paper", symbols=["BTCUSDT"], balance="1000000") as server:
        monkeypatch.setenv("PERPDESK_API_KEY", server.api_key)
        monkeypatch.setenv("PERPDESK_API_SECRET", server.api_secret)
        hosts = {
            "rest": server.hosts.rest,
            "streams": server.hosts.streams,
            "ws_api": server.hosts.ws_api,
        }
        client = PaperClient(server)
        twap_id, chase_id = _killed_in_the_middle({"desk": hosts}, tmp_path, client)
        config = default_config().with_values(environments={"desk": hosts})
        with TradingEngine.open("desk", config=config, user_data=tmp_path) as engine:
            plans = engine.plans
            assert {view.plan_id for view in plans.plans()} == {twap_id, chase_id}
            # the chase has its order again: it can still be filled and stopped
            assert plans.plan(chase_id).child_ids == (f"{chase_id}-000",)
            plans.stop(chase_id)
            assert plans.wait(chase_id, 30)
            assert engine.oms.get_order(f"{chase_id}-000").status == "CANCELED"
            wait_until(lambda: len(plans.plan(twap_id).child_ids) >= 2)
            wait_until(lambda: plans.plan(twap_id).executed_qty >= D("0.004"))
            assert plans.plan(twap_id).state is PlanState.RUNNING
            plans.stop(twap_id)
            assert plans.wait(twap_id, 30)
        sent = client.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").body
        ids = Counter(order["clientOrderId"] for order in sent)
        assert max(ids.values()) == 1
        executed = sum(D(order["executedQty"]) for order in sent)
        assert executed == D(client.position()) == D("0.002") * (len(ids) - 1)


def _killed_in_the_middle(environments, folder: Path, client: PaperClient) -> list[str]:
    victim = subprocess.Popen(
        [sys.executable, "-c", _VICTIM, json.dumps(environments), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=Path(__file__).parents[2],
    )
    with victim:
        plan_ids = json.loads(victim.stdout.readline())
        wait_until(lambda: D(client.position()) == D("0.002"))
        wait_until(lambda: client.signed("GET", "/fapi/v1/openOrders").body)
        victim.kill()
    return plan_ids
