from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from Crypto.PublicKey import ECC, RSA
from msgspec.structs import replace

from engine.clock import SystemClock
from engine.errors import (
    ClockRefused,
    CredentialsError,
    InsufficientBalance,
    KeyRefused,
    NotConnected,
    OrderRefused,
    OutcomeUnknown,
    PerpdeskError,
    RateLimited,
    ShuttingDown,
    TemporarilyRefused,
)
from engine.exchange.http_session import HttpReply
from engine.exchange.rest_client import RestClient, RestSettings
from engine.utils.retry import RetryPolicy
from engine.wire.hosts import Hosts
from engine.wire.rest_messages import BalanceRow, ErrorReply, OrderReply, ServerTime
from engine.wire.signing import signer_for
from tests.helpers.toy_http import Reply, Request, ToyHttpServer, toy_http_server
from tests.helpers.waiting import wait_until

KEY, SECRET = "k" * 64, "the-secret-nobody-may-see"
AHEAD_MS = 3_600_000
ORDER = {
    "symbol": "BTCUSDT", "clientOrderId": "pd-1", "orderId": 8886774001, "side": "BUY",
    "type": "LIMIT", "status": "NEW", "price": "60000.10", "origQty": "0.010",
}  # fmt: skip
PLACE = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.01", "newClientOrderId": "pd-1"}
SETTINGS = RestSettings(
    connect_timeout_s=30.0,
    read_timeout_s=30.0,
    write_timeout_s=30.0,
    read_retry=RetryPolicy(attempts=3, base_s=0.01, max_pause_s=0.02),
    read_rate_wait_s=30.0,
    write_rate_wait_s=0.2,
)


class Venue:
    """Answers /time with a clock of its own; the rest from a list, then with an order."""

    def __init__(self) -> None:
        self.ahead_ms = AHEAD_MS
        self.answers: list[Reply] = []

    def __call__(self, request: Request) -> Reply:
        if request.path == "/fapi/v1/time":
            return Reply({"serverTime": SystemClock().now_ms() + self.ahead_ms})
        return self.answers.pop(0) if self.answers else Reply(ORDER)


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
def server(venue: Venue) -> Iterator[ToyHttpServer]:
    with toy_http_server(venue) as toy:
        yield toy


def _hosts(server: ToyHttpServer) -> Hosts:
    return Hosts(rest=server.url, streams="ws://127.0.0.1:1", ws_api="ws://127.0.0.1:1")


@pytest.fixture
def make(server: ToyHttpServer) -> Iterator[Callable[..., RestClient]]:
    made: list[RestClient] = []

    def build(**options: Any) -> RestClient:
        given = {"api_key": KEY, "api_secret": SECRET, "settings": SETTINGS, **options}
        client = RestClient(_hosts(server), clock=SystemClock(), **given)
        made.append(client)
        return client

    yield build
    for client in made:
        client.close()


@pytest.fixture
def client(make: Callable[..., RestClient]) -> RestClient:
    return make()


def _place(client: RestClient) -> OrderReply:
    return client.call("place_order", OrderReply, PLACE)


def _no(code: int, text: str = "no", status: int = 400, **headers: str) -> Reply:
    return Reply({"code": code, "msg": text}, status, headers)


# --- what is sent ---------------------------------------------------------------------


def test_a_signed_call_carries_key_server_time_window_and_signature(
    server: ToyHttpServer, client: RestClient
) -> None:
    assert _place(client).order_id == 8886774001
    request = server.of("/fapi/v1/order")[0]
    payload, _, signature = request.query.rpartition("&signature=")
    assert request.headers["x-mbx-apikey"] == KEY
    assert signature == signer_for(SECRET).sign(payload.encode())
    assert request.params["recvWindow"] == "5000"
    assert abs(int(request.params["timestamp"]) - SystemClock().now_ms() - AHEAD_MS) < 60_000


def test_missing_values_are_left_out_and_strange_text_is_encoded_as_signed(
    server: ToyHttpServer, client: RestClient
) -> None:
    client.call("query_order", OrderReply, {"symbol": "币安USDT", "orderId": None, "x": "a b&c"})
    request = server.of("/fapi/v1/order")[0]
    payload, _, signature = request.query.rpartition("&signature=")
    assert payload.startswith("symbol=%E5%B8%81%E5%AE%89USDT&x=a%20b%26c&recvWindow=")
    assert signature == signer_for(SECRET).sign(payload.encode())


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_private_keys_of_every_kind_sign(
    server: ToyHttpServer, make: Callable[..., RestClient], kind: str
) -> None:
    if kind == "ed25519":
        pem = ECC.generate(curve="Ed25519").export_key(format="PEM")
    else:
        pem = RSA.generate(1024).export_key(pkcs=8).decode()
    _place(make(api_secret=pem))
    request = server.of("/fapi/v1/order")[0]
    payload, _, _ = request.query.rpartition("&signature=")
    assert signer_for(pem).verify(payload.encode(), request.params["signature"])


def test_a_listen_key_call_needs_the_key_and_no_signature(
    server: ToyHttpServer, client: RestClient
) -> None:
    client.call("keep_listen_key", dict)
    request = server.of("/fapi/v1/listenKey")[0]
    assert (request.method, request.query, request.headers["x-mbx-apikey"]) == ("PUT", "", KEY)


def test_without_a_key_market_data_works_and_trading_says_so(
    make: Callable[..., RestClient],
) -> None:
    anonymous = make(api_key="", api_secret="")
    assert anonymous.call("time", ServerTime).server_time > 0
    with pytest.raises(CredentialsError, match="No API key"):
        _place(anonymous)


@pytest.mark.parametrize("key", ["a b", "a\r\nX-Evil: 1", "ключ"])
def test_a_key_that_could_break_the_header_is_refused(
    make: Callable[..., RestClient], key: str
) -> None:
    with pytest.raises(CredentialsError):
        make(api_key=key)


# --- what comes back --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (_no(-2019, "Margin is insufficient."), InsufficientBalance),
        (_no(-2011, "Unknown order sent."), OrderRefused),
        (_no(-2015, "Invalid API-key", 401), KeyRefused),
        (Reply(b"<html>", 404), OrderRefused),
        (_no(-1007, "Timeout waiting for response"), OutcomeUnknown),
        (_no(-1001, "Internal error; unable to process", 503), OutcomeUnknown),
        (Reply({"timestamp": 1, "path": "/x", "msg": "Unknown error, please check"}, 503),
         OutcomeUnknown),
        (Reply(b"<html>Service Unavailable</html>", 503), OutcomeUnknown),
        (Reply(b"<html>", 502), OutcomeUnknown),
        (Reply(b"{}", 408), OutcomeUnknown),
        (Reply(b'{"half": ', 200), OutcomeUnknown),
        (Reply({"code": -2019, "msg": "inside a 200"}, 200), InsufficientBalance),
        (Reply(behaviour="reset"), OutcomeUnknown),
        (Reply(behaviour="cut"), OutcomeUnknown),
    ],
)  # fmt: skip
def test_a_write_is_sent_once_and_its_answer_becomes_the_right_error(
    server: ToyHttpServer, client: RestClient, venue: Venue, reply: Reply, error: type[Exception]
) -> None:
    venue.answers = [reply]
    with pytest.raises(error):
        _place(client)
    assert len(server.of("/fapi/v1/order")) == 1


def test_a_write_without_an_answer_is_unknown_at_its_deadline(
    server: ToyHttpServer, make: Callable[..., RestClient], venue: Venue
) -> None:
    hasty = make(settings=replace(SETTINGS, write_timeout_s=0.3))
    hasty.sync_clock()
    venue.answers = [Reply(behaviour="silent")]
    with pytest.raises(OutcomeUnknown):
        _place(hasty)
    assert len(server.of("/fapi/v1/order")) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"msg": "Service Unavailable."}, 503),
        Reply(b"Service Unavailable", 503),
        _no(-1008, "Request throttled by system-level protection.", 503),
    ],
)
def test_a_write_that_was_surely_not_executed_is_for_order_management_to_try_again(
    server: ToyHttpServer, client: RestClient, venue: Venue, reply: Reply
) -> None:
    venue.answers = [reply]
    with pytest.raises(TemporarilyRefused):
        _place(client)
    assert len(server.of("/fapi/v1/order")) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(behaviour="reset"),
        Reply(behaviour="cut"),
        Reply(b"<html>", 502),
        _no(-1007, "Timeout"),
        Reply(b"not json", 200),
    ],
)
def test_a_read_is_tried_again(
    server: ToyHttpServer, client: RestClient, venue: Venue, reply: Reply
) -> None:
    venue.answers = [reply, Reply([{"asset": "USDT", "balance": "12.50"}])]
    rows = client.call("balance", list[BalanceRow])
    assert str(rows[0].balance) == "12.50"
    assert len(server.of("/fapi/v3/balance")) == 2


def test_a_read_without_any_answer_is_not_connected_in_the_end(
    client: RestClient, venue: Venue
) -> None:
    client.sync_clock()
    venue.answers = [Reply(behaviour="reset")] * 9
    with pytest.raises(NotConnected):
        client.call("balance", list[BalanceRow])


def test_nothing_listening_is_not_connected_even_for_a_write() -> None:
    nowhere = Hosts(rest="http://127.0.0.1:1", streams="", ws_api="")
    client = RestClient(
        nowhere, clock=SystemClock(), api_key=KEY, api_secret=SECRET, settings=SETTINGS
    )
    with pytest.raises(NotConnected):
        _place(client)
    client.close()


# --- the clock ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", [-1021, -5028])
def test_a_clock_refusal_measures_again_signs_anew_and_tries_once_more(
    server: ToyHttpServer, client: RestClient, venue: Venue, code: int
) -> None:
    _place(client)
    venue.ahead_ms = -AHEAD_MS  # the computer's clock was off, or has jumped
    venue.answers = [_no(code, "Timestamp for this request is outside of the recvWindow.")]
    assert _place(client).order_id == 8886774001
    first, second, third = server.of("/fapi/v1/order")
    moved = int(third.params["timestamp"]) - int(second.params["timestamp"])
    assert moved == pytest.approx(-2 * AHEAD_MS, abs=60_000)
    assert second.params["signature"] != third.params["signature"] != first.params["signature"]


def test_a_second_clock_refusal_comes_out(
    server: ToyHttpServer, client: RestClient, venue: Venue
) -> None:
    venue.answers = [_no(-1021), _no(-1021)]
    with pytest.raises(ClockRefused):
        _place(client)
    assert len(server.of("/fapi/v1/order")) == 2


# --- limits -------------------------------------------------------------------------------


def test_used_weight_is_read_from_every_answer_also_of_a_5xx(
    client: RestClient, venue: Venue
) -> None:
    client.sync_clock()
    venue.answers = [Reply(b"", 502, {"X-MBX-USED-WEIGHT-1M": "1234"})]
    with pytest.raises(OutcomeUnknown):
        _place(client)
    assert client.limiter.usage(client.server_clock.now_ms()).weight_used == 1234


def test_the_weight_header_of_book_ticker_is_not_believed(client: RestClient, venue: Venue) -> None:
    venue.answers = [Reply({}, 200, {"X-MBX-USED-WEIGHT-1M": "2399"})]
    client.call("book_ticker", dict, {"symbol": "BTCUSDT"})
    assert client.limiter.usage(client.server_clock.now_ms()).weight_used < 100


@pytest.mark.parametrize(("status", "code"), [(429, -1003), (418, -1003), (403, 0)])
def test_a_rate_answer_brakes_everything_for_as_long_as_asked(
    server: ToyHttpServer, client: RestClient, venue: Venue, status: int, code: int
) -> None:
    client.sync_clock()
    venue.answers = [_no(code, "Too many", status, **{"Retry-After": "30"})]
    with pytest.raises(RateLimited) as caught:
        _place(client)
    assert caught.value.retry_after_s == 30.0
    with pytest.raises(RateLimited, match="Nothing was sent"):
        client.call("cancel_order", OrderReply, {"symbol": "BTCUSDT"})
    assert len(server.of("/fapi/v1/order")) == 1


def test_too_many_orders_stops_orders_but_not_cancels(
    server: ToyHttpServer, client: RestClient, venue: Venue
) -> None:
    client.sync_clock()
    venue.answers = [_no(-1015, "Too many new orders.")]
    with pytest.raises(RateLimited):
        _place(client)
    assert client.call("cancel_order", OrderReply, {"symbol": "BTCUSDT"}).order_id
    assert len(server.of("/fapi/v1/order")) == 2


def test_a_read_waits_for_a_short_brake(
    server: ToyHttpServer, client: RestClient, venue: Venue
) -> None:
    client.sync_clock()
    client.limiter.brake(0.1, "pause", client.server_clock.now_ms())
    venue.answers = [Reply([])]
    assert client.call("balance", list[BalanceRow]) == []
    assert len(server.of("/fapi/v3/balance")) == 1


# --- another way for orders ------------------------------------------------------------


class Transport:
    """Carries placing alone, and ends each call as told."""

    def __init__(self, *outcomes: HttpReply | PerpdeskError) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[str] = []

    def carries(self, name: str) -> bool:
        return name == "place_order"

    def send(self, name: str, params: Mapping[str, object]) -> HttpReply:
        self.sent.append(str(params["newClientOrderId"]))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, PerpdeskError):
            raise outcome
        return outcome


YES = HttpReply(200, {"x-mbx-order-count-1m": "9"}, json.dumps(ORDER).encode())


def test_what_the_transport_carries_goes_there_and_feeds_the_limits(
    server: ToyHttpServer, client: RestClient
) -> None:
    client.carry_orders_over(Transport(YES), falls_back=True)
    assert _place(client).order_id == 8886774001
    assert server.of("/fapi/v1/order") == []
    assert client.limiter.usage(client.server_clock.now_ms()).orders_used == 9
    client.call("cancel_order", OrderReply, {"symbol": "BTCUSDT"})
    assert len(server.of("/fapi/v1/order")) == 1


def test_before_sending_an_order_falls_back_to_rest(
    server: ToyHttpServer, client: RestClient
) -> None:
    client.carry_orders_over(Transport(NotConnected("down")), falls_back=True)
    assert _place(client).order_id == 8886774001
    assert len(server.of("/fapi/v1/order")) == 1


def test_after_sending_an_order_never_falls_back(server: ToyHttpServer, client: RestClient) -> None:
    transport = Transport(OutcomeUnknown("cut"))
    client.carry_orders_over(transport, falls_back=True)
    with pytest.raises(OutcomeUnknown):
        _place(client)
    assert transport.sent == ["pd-1"]
    assert server.of("/fapi/v1/order") == []


def test_without_falling_back_nothing_is_sent_while_it_is_down(
    server: ToyHttpServer, client: RestClient
) -> None:
    client.carry_orders_over(Transport(NotConnected("down")), falls_back=False)
    with pytest.raises(NotConnected):
        _place(client)
    assert server.of("/fapi/v1/order") == []


@pytest.mark.parametrize(
    "retry_after", ["9" * 5000, "\u00b2", "-5", "1e9", "99999999999"], ids=str.__len__
)
def test_an_absurd_retry_after_is_a_careful_guess(
    client: RestClient, venue: Venue, retry_after: str
) -> None:
    venue.answers = [_no(-1003, "Too many", 429, **{"Retry-After": retry_after})]
    with pytest.raises(RateLimited) as caught:
        _place(client)
    assert caught.value.retry_after_s == 10.0


# --- closing ----------------------------------------------------------------------------


def test_close_ends_a_wait_for_the_limit_without_sending(
    server: ToyHttpServer, make: Callable[..., RestClient]
) -> None:
    patient = make(settings=RestSettings(read_rate_wait_s=600.0))
    patient.limiter.brake(300.0, "pause", patient.server_clock.now_ms())
    failures: list[PerpdeskError] = []

    def ask() -> None:
        try:
            patient.call("ping", dict)
        except PerpdeskError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    patient.close()
    thread.join(30)
    assert isinstance(failures[0], ShuttingDown)
    assert server.requests == []


def test_close_makes_a_running_write_unknown(
    server: ToyHttpServer, make: Callable[..., RestClient], venue: Venue
) -> None:
    slow = make(settings=RestSettings(write_timeout_s=300.0))
    slow.sync_clock()
    venue.answers = [Reply(behaviour="silent")]
    failures: list[PerpdeskError] = []

    def place() -> None:
        try:
            _place(slow)
        except PerpdeskError as error:
            failures.append(error)

    thread = threading.Thread(target=place)
    thread.start()
    wait_until(lambda: server.of("/fapi/v1/order"))
    slow.close()
    thread.join(30)
    assert isinstance(failures[0], OutcomeUnknown)


# --- secrets ----------------------------------------------------------------------------


def test_no_secret_key_signature_or_listen_key_reaches_log_or_error(
    client: RestClient, venue: Venue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    venue.answers = [
        Reply({"listenKey": "LISTENKEY123"}),
        Reply(ORDER),
        _no(-2019, "Margin is insufficient."),
        Reply(behaviour="reset"),
        Reply(b"{{{", 200),
    ]
    client.call("create_listen_key", dict)
    told = []
    for _ in range(4):
        try:
            _place(client)
        except PerpdeskError as error:
            told += [str(error), repr(error), repr(error.__cause__)]
    assert len(told) == 9
    everything = caplog.text + " ".join(told) + repr(client.__dict__)
    for secret in (SECRET, KEY, "LISTENKEY123", "signature=", "timestamp="):
        assert secret not in everything


def test_latencies_of_writes_are_kept(client: RestClient) -> None:
    _place(client)
    _place(client)
    client.call("ping", dict)
    assert len(client.order_latencies_ms()) == 2
    assert all(0 < ms < 5000 for ms in client.order_latencies_ms())


def test_cancel_all_answers_code_200_which_is_no_error(client: RestClient, venue: Venue) -> None:
    venue.answers = [Reply({"code": 200, "msg": "done"})]
    assert client.call("cancel_all", ErrorReply, {"symbol": "BTCUSDT"}).code == 200
