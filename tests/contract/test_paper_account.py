"""Account, positions and settings by REST, held to the exchange's documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import PaperClient, Stream

TOTALS = {
    "totalInitialMargin", "totalMaintMargin", "totalWalletBalance", "totalUnrealizedProfit",
    "totalMarginBalance", "totalPositionInitialMargin", "totalOpenOrderInitialMargin",
    "totalCrossWalletBalance", "totalCrossUnPnl", "availableBalance", "maxWithdrawAmount",
    "assets", "positions",
}  # fmt: skip
RISK = {
    "symbol", "positionSide", "positionAmt", "entryPrice", "breakEvenPrice", "markPrice",
    "unRealizedProfit", "liquidationPrice", "isolatedMargin", "notional", "marginAsset",
    "isolatedWallet", "initialMargin", "maintMargin", "positionInitialMargin",
    "openOrderInitialMargin", "adl", "bidNotional", "askNotional", "updateTime",
}  # fmt: skip


def income(client: PaperClient, kind: str) -> Decimal:
    rows = client.signed("GET", "/fapi/v1/income", incomeType=kind, limit=1000).body
    return sum((Decimal(row["income"]) for row in rows), Decimal(0))


def balance(client: PaperClient) -> Decimal:
    return Decimal(client.signed("GET", "/fapi/v3/balance").body[0]["balance"])


def test_account_v3_lists_only_what_is_held_and_v2_every_symbol(client: PaperClient) -> None:
    flat = client.signed("GET", "/fapi/v3/account").body
    assert set(flat) == TOTALS
    assert flat["positions"] == []
    client.market("BUY", "0.100")
    held = client.signed("GET", "/fapi/v3/account").body["positions"]
    assert [row["symbol"] for row in held] == ["BTCUSDT"]
    old = client.signed("GET", "/fapi/v2/account").body
    assert {"feeTier", "canTrade", "multiAssetsMargin", "tradeGroupId"} <= set(old)
    assert len(old["positions"]) == 6
    assert {"leverage", "isolated", "entryPrice", "maxNotional"} <= set(old["positions"][0])


def test_balances_of_both_versions_have_one_shape(client: PaperClient) -> None:
    new = client.signed("GET", "/fapi/v3/balance").body
    old = client.signed("GET", "/fapi/v2/balance").body
    assert new == old
    assert set(new[0]) == {
        "accountAlias", "asset", "balance", "crossWalletBalance", "crossUnPnl",
        "availableBalance", "maxWithdrawAmount", "marginAvailable", "updateTime",
    }  # fmt: skip


def test_position_risk_shows_a_position_and_its_margin(client: PaperClient) -> None:
    client.market("BUY", "0.100")
    rows = client.signed("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT").body
    assert len(rows) == 1
    row = rows[0]
    assert set(row) == RISK
    assert (row["positionAmt"], row["positionSide"]) == ("0.100", "BOTH")
    notional = Decimal(row["notional"])
    assert notional == Decimal(row["markPrice"]) * Decimal("0.1")
    assert Decimal(row["initialMargin"]) == round(notional / 20, 8)
    assert Decimal(row["maintMargin"]) == round(notional * Decimal("0.004"), 8)
    old = client.signed("GET", "/fapi/v2/positionRisk").body
    assert len(old) == 6
    assert old[0]["isAutoAddMargin"] == "false"
    assert old[0]["marginType"] == "cross"


def test_open_orders_tie_up_margin_in_the_costlier_direction_only(client: PaperClient) -> None:
    def tied() -> Decimal:
        row = client.signed("GET", "/fapi/v3/account").body
        return Decimal(row["totalOpenOrderInitialMargin"])

    client.order("BUY", quantity="0.100", price="60000")
    assert tied() == 300  # 6000 / 20
    client.order("SELL", quantity="0.050", price="66000")
    assert tied() == 300
    client.order("SELL", quantity="0.100", price="66000")
    assert tied() == 495


def test_wallet_is_explained_by_income_to_the_last_cent(client: PaperClient) -> None:
    kinds = ("TRANSFER", "REALIZED_PNL", "COMMISSION", "FUNDING_FEE", "INSURANCE_CLEAR")
    for quantity in ("0.013", "0.007", "0.111"):
        client.market("BUY", quantity)
        client.market("SELL", "0.020")
        client.market("BUY", "3.333", "ETHUSDT")
    client.clean()
    assert balance(client) == sum(income(client, kind) for kind in kinds)


def test_leverage_is_set_bounded_and_shown(client: PaperClient) -> None:
    answer = client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125)
    assert answer.body == {"symbol": "BTCUSDT", "leverage": 125, "maxNotionalValue": "300000"}
    shown = client.signed("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT").body
    assert shown == [
        {
            "symbol": "BTCUSDT",
            "marginType": "CROSSED",
            "isAutoAddMargin": False,
            "leverage": 125,
            "maxNotionalValue": "300000",
        }
    ]
    too_large = client.order(quantity="5", price="62000")
    assert too_large.code == -2027
    for wrong in ("126", "0"):
        refused = client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=wrong)
        assert refused.code == -4028
    client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=20)


def test_leverage_cannot_leave_a_position_above_its_bracket(client: PaperClient) -> None:
    client.market("BUY", "6")  # 385,500 USDT
    refused = client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125)
    assert refused.code == -2027


def test_brackets_rise_in_notional_and_fall_in_leverage(client: PaperClient) -> None:
    rows = client.signed("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT").body
    brackets = rows[0]["brackets"]
    assert set(brackets[0]) == {
        "bracket", "initialLeverage", "notionalCap", "notionalFloor", "maintMarginRatio", "cum",
    }  # fmt: skip
    caps = [row["notionalCap"] for row in brackets]
    assert caps == sorted(caps)


def test_margin_type_changes_only_when_flat_and_without_orders(client: PaperClient) -> None:
    def change(kind: str) -> Any:
        return client.signed("POST", "/fapi/v1/marginType", symbol="SOLUSDT", marginType=kind)

    assert change("CROSSED").code == -4046
    order = client.order(symbol="SOLUSDT", quantity="1", price="140").body
    assert change("ISOLATED").code == -4047
    client.signed("DELETE", "/fapi/v1/order", symbol="SOLUSDT", orderId=order["orderId"])
    client.market("BUY", "1", "SOLUSDT")
    assert change("ISOLATED").code == -4048
    client.clean()
    assert change("ISOLATED").body == {"code": 200, "msg": "success"}
    assert change("CROSSED").status == 200


def test_isolated_margin_travels_with_its_position(client: PaperClient) -> None:
    def risk() -> dict[str, str]:
        return client.signed("GET", "/fapi/v3/positionRisk", symbol="SOLUSDT").body[0]

    def move(amount: str, kind: int) -> Any:
        return client.signed(
            "POST", "/fapi/v1/positionMargin", symbol="SOLUSDT", amount=amount, type=kind
        )

    assert move("10", 1).code == -4053
    client.signed("POST", "/fapi/v1/marginType", symbol="SOLUSDT", marginType="ISOLATED")
    assert move("10", 1).code == -4054
    client.market("BUY", "10", "SOLUSDT")
    opened = Decimal(risk()["isolatedWallet"])
    assert opened == Decimal("148.01") * 10 / 20
    added = move("10", 1).body
    assert (added["code"], added["type"], added["amount"]) == (200, 1, 10.0)
    assert Decimal(risk()["isolatedWallet"]) == opened + 10
    assert move("50", 2).code == -4051
    assert move("5", 2).status == 200
    rows = client.signed("GET", "/fapi/v1/positionMargin/history", symbol="SOLUSDT").body
    assert [(row["type"], row["amount"]) for row in rows[-2:]] == [
        (1, "10.00000000"),
        (2, "5.00000000"),
    ]
    client.market("SELL", "5", "SOLUSDT")
    assert Decimal(risk()["isolatedWallet"]) == (opened + 5) / 2
    lower = client.signed("POST", "/fapi/v1/leverage", symbol="SOLUSDT", leverage=5)
    assert lower.code == -4161
    client.clean()
    client.signed("POST", "/fapi/v1/marginType", symbol="SOLUSDT", marginType="CROSSED")
    account = client.signed("GET", "/fapi/v3/account").body
    assert account["totalCrossWalletBalance"] == account["totalWalletBalance"]


def test_hedge_mode_keeps_two_positions_and_never_lets_one_reverse(other: PaperClient) -> None:
    def mode(dual: str) -> Any:
        return other.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition=dual)

    assert mode("false").code == -4059
    other.market("BUY", "0.010")
    assert mode("true").code == -4068
    other.clean()
    assert mode("true").status == 200
    try:
        assert other.signed("GET", "/fapi/v1/positionSide/dual").body == {"dualSidePosition": True}
        assert other.market("BUY", "0.010").code == -4061
        assert other.market("BUY", "0.010", positionSide="LONG").status == 200
        assert other.market("SELL", "0.020", positionSide="SHORT").status == 200
        reduce = other.market("SELL", "0.010", positionSide="LONG", reduceOnly="true")
        assert reduce.code == -1106
        rows = other.signed("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT").body
        assert [(row["positionSide"], row["positionAmt"]) for row in rows] == [
            ("LONG", "0.010"),
            ("SHORT", "-0.020"),
        ]
        other.market("SELL", "0.100", positionSide="LONG")
        rows = other.signed("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT").body
        assert [row["positionAmt"] for row in rows] == ["0.000", "-0.020"]
        assert other.market("SELL", "0.010", positionSide="LONG").code == -2022
    finally:
        other.clean()
        assert mode("false").status == 200


def test_multi_assets_mode_and_isolated_margin_exclude_each_other(other: PaperClient) -> None:
    def switch(wanted: str) -> Any:
        return other.signed("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin=wanted)

    def isolate(kind: str) -> Any:
        return other.signed("POST", "/fapi/v1/marginType", symbol="BNBUSDT", marginType=kind)

    assert switch("false").code == -4171
    assert isolate("ISOLATED").status == 200
    assert switch("true").code == -4167
    assert isolate("CROSSED").status == 200
    assert switch("true").status == 200
    assert other.signed("GET", "/fapi/v1/multiAssetsMargin").body == {"multiAssetsMargin": True}
    assert isolate("ISOLATED").code == -4168
    assert switch("false").status == 200


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/fapi/v1/accountConfig", dict),
        ("/fapi/v1/feeBurn", dict),
        ("/fapi/v1/rateLimit/order", list),
        ("/fapi/v1/apiTradingStatus", dict),
        ("/fapi/v1/adlQuantile", list),
        ("/fapi/v1/forceOrders", list),
        ("/fapi/v1/income", list),
    ],
)
def test_reports_answer_with_their_shape(client: PaperClient, path: str, shape: type) -> None:
    answer = client.signed("GET", path)
    assert answer.status == 200
    assert isinstance(answer.body, shape)


def test_commission_rates_are_fractions_as_text(client: PaperClient) -> None:
    answer = client.signed("GET", "/fapi/v1/commissionRate", symbol="BTCUSDT").body
    assert (answer["makerCommissionRate"], answer["takerCommissionRate"]) == (
        "0.000200",
        "0.000500",
    )


def test_countdown_cancels_all_orders_of_the_symbol_when_nobody_calls_in(
    paper: PaperProcess, client: PaperClient
) -> None:
    key = client.raw("POST", "/fapi/v1/listenKey").body["listenKey"]
    with Stream(f"{paper.hosts.streams}/private/ws/{key}") as stream:
        client.order()
        kept = client.order(symbol="ETHUSDT", quantity="0.100", price="3000").body
        answer = client.signed(
            "POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=100
        ).body
        assert answer == {"symbol": "BTCUSDT", "countdownTime": "100"}
        stream.until(lambda m: m["e"] == "ORDER_TRADE_UPDATE" and m["o"]["x"] == "CANCELED")
    rows = client.signed("GET", "/fapi/v1/openOrders").body
    assert [row["orderId"] for row in rows] == [kept["orderId"]]
