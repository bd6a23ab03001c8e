"""Keys, signatures, clocks and limits, held to the exchange's general documents."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import DEADLINE_S, PaperClient, now_ms, paper_server

ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "62000",
}


def test_missing_and_malformed_keys_are_401_before_anything_else(client: PaperClient) -> None:
    nothing = client.raw("GET", "/fapi/v3/balance", headers={})
    assert (nothing.status, nothing.code) == (401, -2014)
    short = client.raw("GET", "/fapi/v3/balance", headers={"X-MBX-APIKEY": "abc"})
    assert (short.status, short.code) == (401, -2014)
    unknown = client.raw("GET", "/fapi/v3/balance", headers={"X-MBX-APIKEY": "a" * 64})
    assert (unknown.status, unknown.code) == (401, -2015)
    listen_key = client.raw("POST", "/fapi/v1/listenKey", headers={})
    assert listen_key.status == 401


def test_signature_over_other_bytes_is_refused(client: PaperClient) -> None:
    text = f"timestamp={now_ms()}"
    wrong = client.raw("GET", f"/fapi/v3/balance?{text}&signature={client.sign(text + '0')}")
    assert (wrong.status, wrong.code) == (400, -1022)
    unsigned = client.raw("GET", f"/fapi/v3/balance?{text}")
    assert (unsigned.status, unsigned.code) == (400, -1102)
    other_account = PaperClient(client.server, client.server.accounts[1])
    crossed = client.raw("GET", f"/fapi/v3/balance?{text}&signature={other_account.sign(text)}")
    assert crossed.code == -1022


def test_signature_may_be_upper_case_and_cover_an_encoding_of_the_senders_own(
    client: PaperClient,
) -> None:
    text = f"recvWindow=%35000&timestamp={now_ms()}"
    answer = client.raw("GET", f"/fapi/v3/balance?{text}&signature={client.sign(text).upper()}")
    assert answer.status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_form_body_is_signed_and_read_like_a_query(client: PaperClient, method: str) -> None:
    placed = client.order(newClientOrderId="body")
    assert placed.status == 200
    params: dict[str, object] = {
        "POST": {**ORDER, "newClientOrderId": "body-2"},
        "PUT": {**ORDER, "origClientOrderId": "body", "price": "62100"},
        "DELETE": {"symbol": "BTCUSDT", "origClientOrderId": "body"},
    }[method]
    text = urlencode({**params, "timestamp": now_ms()})
    headers = {
        "X-MBX-APIKEY": client.keys.api_key,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = client.raw(method, "/fapi/v1/order", f"{text}&signature={client.sign(text)}", headers)
    assert answer.status == 200, answer.body


def test_query_and_body_are_signed_joined_without_an_ampersand_and_the_query_wins(
    client: PaperClient,
) -> None:
    query = urlencode({**ORDER, "price": "61000"})
    body = urlencode({"price": "62000", "timestamp": now_ms()})
    signature = client.sign(query + body)
    answer = client.raw("POST", f"/fapi/v1/order?{query}", f"{body}&signature={signature}")
    assert answer.status == 200, answer.body
    assert answer.body["price"] == "61000.00"


def test_parameter_given_twice_is_refused(client: PaperClient) -> None:
    assert client.raw("GET", "/fapi/v1/depth?symbol=BTCUSDT&symbol=ETHUSDT").code == -1101


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"timestamp": ""}, -1102),
        ({"timestamp": "soon"}, -1100),
        ({"timestamp": "1"}, -1021),
        ({"timestamp": lambda: now_ms() + 5000, "recvWindow": 60000}, -1021),
        ({"timestamp": lambda: now_ms() - 6000}, -1021),
        ({"timestamp": lambda: now_ms() - 6000, "recvWindow": 20000}, 0),
        ({"recvWindow": 60001}, -1131),
    ],
)
def test_clock_is_checked_as_documented(
    client: PaperClient, params: dict[str, object], code: int
) -> None:
    values = {name: value() if callable(value) else value for name, value in params.items()}
    answer = client.signed("GET", "/fapi/v3/balance", **values)
    assert answer.code == code


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/fapi/v1/balance"), ("GET", "/nope"), ("PUT", "/fapi/v1/ping")],
)
def test_unknown_paths_and_verbs_are_404(client: PaperClient, method: str, path: str) -> None:
    answer = client.raw(method, path)
    assert (answer.status, answer.code) == (404, -5000)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_browser_pages_from_elsewhere_are_shut_out(
    client: PaperClient, headers: dict[str, str]
) -> None:
    assert client.raw("GET", "/fapi/v1/ping", headers=headers).status == 403


def test_only_loopback_is_served(paper: PaperProcess) -> None:
    assert urlsplit(paper.hosts.rest).hostname == "127.0.0.1"


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with paper_server(tmp_path_factory.mktemp("limited"), fresh=True) as process:
        yield process


def test_order_limit_refuses_with_1015_and_still_lets_cancel(limited: PaperProcess) -> None:
    client = PaperClient(limited, limited.accounts[1])
    connection = http.client.HTTPConnection(urlsplit(limited.hosts.rest).netloc, timeout=DEADLINE_S)
    codes: set[int] = set()
    # fixed windows: 301 orders fit into two of them at most, 601 never do
    for _ in range(601):
        text = urlencode({**ORDER, "quantity": "0", "timestamp": now_ms()})
        connection.request(
            "POST",
            f"/fapi/v1/order?{text}&signature={client.sign(text)}",
            headers={"X-MBX-APIKEY": client.keys.api_key},
        )
        response = connection.getresponse()
        body = response.read()
        if b"-1015" in body:
            codes.add(response.status)
            break
    connection.close()
    assert codes == {429}
    listed = client.signed("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    assert listed.status == 200


def test_too_much_weight_is_429_with_retry_after_then_418(tmp_path: Path) -> None:
    with paper_server(tmp_path, fresh=True) as process:
        client = PaperClient(process)
        seen: list[int] = []
        # the weight of 121 requests of 20 passes 2400 even across a change of minute
        for _ in range(270):
            answer = client.public("/fapi/v1/depth", symbol="BTCUSDT", limit=1000)
            seen.append(answer.status)
            if answer.status == 429:
                assert answer.code == -1003
                assert int(answer.headers["Retry-After"]) >= 1
            if answer.status == 418:
                assert "banned until" in answer.body["msg"]
                break
        assert seen[-1] == 418
        assert 429 in seen


def test_announced_limits_are_mainnets(limited: PaperProcess) -> None:
    rows = PaperClient(limited).public("/fapi/v1/exchangeInfo").body["rateLimits"]
    assert [(r["rateLimitType"], r["interval"], r["intervalNum"], r["limit"]) for r in rows] == [
        ("REQUEST_WEIGHT", "MINUTE", 1, 2400),
        ("ORDERS", "MINUTE", 1, 1200),
        ("ORDERS", "SECOND", 10, 300),
    ]


def test_order_held_up_before_the_matching_engine_beyond_its_window_is_refused(
    client: PaperClient,
) -> None:
    late = json.dumps({"fault": "reply_late", "ms": 1000, "act": "late", "when": {"count": 3}})
    client.raw("POST", "/paper/v1/faults", late)
    try:
        assert client.order(recvWindow=700).code == -5028
        assert client.order(recvWindow=5000).status == 200
        row = json.dumps([{"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}])
        batch = client.signed("POST", "/fapi/v1/batchOrders", batchOrders=row, recvWindow=700)
        assert [element["code"] for element in batch.body] == [-5028]
        assert client.signed("GET", "/fapi/v1/openOrders").status == 200
    finally:
        client.raw("DELETE", "/paper/v1/faults")
