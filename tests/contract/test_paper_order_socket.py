"""The order WebSocket, held to the exchange's WebSocket API documents."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import PaperClient, Stream, now_ms


@pytest.fixture
def socket(paper: PaperProcess) -> Iterator[Stream]:
    with Stream(paper.hosts.ws_api) as stream:
        yield stream


def signed(client: PaperClient, **params: Any) -> dict[str, Any]:
    params.update(apiKey=client.keys.api_key, timestamp=now_ms())
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return {**params, "signature": client.sign(text)}


ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "62000.0",
}


def test_order_lives_through_place_modify_status_and_cancel(
    client: PaperClient, socket: Stream
) -> None:
    placed = socket.ask({"id": "a", "method": "order.place", "params": signed(client, **ORDER)})
    assert placed["status"] == 200
    assert placed["result"]["status"] == "NEW"
    assert placed["result"]["selfTradePreventionMode"] == "NONE"
    key = {"symbol": "BTCUSDT", "orderId": placed["result"]["orderId"]}
    changed = signed(client, **key, side="BUY", quantity="0.020", price="62100")
    modified = socket.ask({"id": 2, "method": "order.modify", "params": changed})
    assert modified["result"]["origQty"] == "0.020"
    status = socket.ask({"id": 3, "method": "order.status", "params": signed(client, **key)})
    assert status["result"]["price"] == "62100.00"
    cancelled = socket.ask({"id": 4, "method": "order.cancel", "params": signed(client, **key)})
    assert cancelled["result"]["status"] == "CANCELED"
    again = socket.ask({"id": 5, "method": "order.cancel", "params": signed(client, **key)})
    assert again["status"] == 400
    assert again["error"] == {"code": -2011, "msg": "Unknown order sent."}


def test_order_reply_carries_all_rate_limits_with_counts(
    client: PaperClient, socket: Stream
) -> None:
    reply = socket.ask({"id": 1, "method": "order.place", "params": signed(client, **ORDER)})
    kinds = [(row["rateLimitType"], row["interval"]) for row in reply["rateLimits"]]
    assert kinds == [("REQUEST_WEIGHT", "MINUTE"), ("ORDERS", "MINUTE"), ("ORDERS", "SECOND")]
    assert all(row["count"] >= 1 for row in reply["rateLimits"])


def test_rate_limits_can_be_hidden_by_url_and_by_request(
    paper: PaperProcess, client: PaperClient, socket: Stream
) -> None:
    params = {"apiKey": client.keys.api_key, "returnRateLimits": False, "timestamp": now_ms()}
    # booleans are signed as the wire spells them
    text = "&".join(f"{name}={params[name]}" for name in sorted(params)).replace("False", "false")
    signed_params = {**params, "signature": client.sign(text)}
    reply = socket.ask({"id": 1, "method": "v2/account.balance", "params": signed_params})
    assert reply["status"] == 200
    assert "rateLimits" not in reply
    with Stream(paper.hosts.ws_api + "?returnRateLimits=false") as quiet:
        assert "rateLimits" not in quiet.ask({"id": 1, "method": "time", "params": {}})
    assert "rateLimits" in socket.ask({"id": 1, "method": "time", "params": {}})


def test_account_and_market_methods_answer_with_the_rest_shapes(
    client: PaperClient, socket: Stream
) -> None:
    def ask(method: str, **params: Any) -> Any:
        reply = socket.ask({"id": method, "method": method, "params": params})
        assert reply["status"] == 200, reply
        return reply["result"]

    assert ask("v2/account.balance", **signed(client))[0]["asset"] == "USDT"
    assert "feeTier" in ask("account.status", **signed(client))
    assert "feeTier" not in ask("v2/account.status", **signed(client))
    assert ask("account.position", **signed(client, symbol="BTCUSDT"))[0]["leverage"] == "20"
    assert ask("v2/account.position", **signed(client)) == []
    assert len(ask("depth", symbol="BTCUSDT", limit=5)["bids"]) == 5
    assert ask("ticker.price", symbol="BTCUSDT")["symbol"] == "BTCUSDT"
    assert ask("ticker.book", symbol="BTCUSDT")["symbol"] == "BTCUSDT"


def test_user_data_stream_methods_manage_the_same_listen_key_as_rest(
    client: PaperClient, socket: Stream
) -> None:
    params = {"apiKey": client.keys.api_key}
    started = socket.ask({"id": 1, "method": "userDataStream.start", "params": params})
    key = started["result"]["listenKey"]
    assert client.raw("POST", "/fapi/v1/listenKey").body["listenKey"] == key
    pinged = socket.ask({"id": 2, "method": "userDataStream.ping", "params": params})
    assert pinged["result"]["listenKey"] == key
    stopped = socket.ask({"id": 3, "method": "userDataStream.stop", "params": params})
    assert stopped["result"] == {}
    assert client.raw("PUT", "/fapi/v1/listenKey").code == -1125


def test_logon_with_ed25519_lets_later_requests_leave_out_key_and_signature(
    client: PaperClient, socket: Stream
) -> None:
    keys = client.keys
    params: dict[str, Any] = {"apiKey": keys.ed25519_api_key, "timestamp": now_ms()}
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    signer = eddsa.new(ECC.import_key(keys.ed25519_private_key), "rfc8032")
    params["signature"] = base64.b64encode(signer.sign(text.encode())).decode()
    status = socket.ask({"id": 1, "method": "session.status"})
    assert status["result"]["apiKey"] is None
    logged_on = socket.ask({"id": 2, "method": "session.logon", "params": params})
    assert logged_on["result"]["apiKey"] == keys.ed25519_api_key
    order = {**ORDER, "timestamp": now_ms()}
    assert socket.ask({"id": 3, "method": "order.place", "params": order})["status"] == 200
    assert socket.ask({"id": 4, "method": "order.place", "params": ORDER})["error"]["code"] == -1102
    socket.ask({"id": 5, "method": "session.logout"})
    late = {**ORDER, "timestamp": now_ms()}
    assert socket.ask({"id": 6, "method": "order.place", "params": late})["status"] == 401


def test_logon_with_an_hmac_key_is_refused(client: PaperClient, socket: Stream) -> None:
    reply = socket.ask({"id": 1, "method": "session.logon", "params": signed(client)})
    assert reply["status"] == 400


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"signature": "0" * 64}, -1022, 400),
        ({"apiKey": "x" * 64}, -2015, 401),
        ({"apiKey": "short"}, -2014, 401),
        ({"timestamp": 1}, -1021, 400),
    ],
)
def test_bad_credentials_get_the_venues_codes(
    client: PaperClient, socket: Stream, change: dict[str, Any], code: int, status: int
) -> None:
    params = {**signed(client, **ORDER), **change}
    reply = socket.ask({"id": 1, "method": "order.place", "params": params})
    assert (reply["error"]["code"], reply["status"]) == (code, status)


def test_nonsense_gets_an_error_and_the_socket_lives_on(socket: Stream) -> None:
    socket.send("{nonsense")
    assert socket.receive()["status"] == 400
    assert socket.ask({"id": 7, "method": "no.such"})["status"] == 400
    assert socket.ask({"id": 8, "method": "ping"})["result"] == {}
