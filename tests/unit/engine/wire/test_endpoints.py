import pytest

from engine.wire.endpoints import BY_ROUTE, ENDPOINTS, Security


def test_no_two_rows_share_a_call():
    assert len(BY_ROUTE) == len(ENDPOINTS)


@pytest.mark.parametrize(
    ("name", "params", "weight"),
    [
        ("depth", {"limit": 50}, 2),
        ("depth", {"limit": "100"}, 5),
        ("depth", {}, 10),
        ("depth", {"limit": 1000}, 20),
        ("klines", {"limit": 99}, 1),
        ("klines", {"limit": 100}, 2),
        ("klines", {}, 5),
        ("klines", {"limit": 1500}, 10),
        ("klines", {"limit": "junk"}, 5),
        ("ticker_24hr", {}, 40),
        ("ticker_24hr", {"symbol": "BTCUSDT"}, 1),
        ("place_order", {}, 0),
    ],
)
def test_weights_follow_the_parameters(name, params, weight):
    assert ENDPOINTS[name].weight_of(params) == weight


def test_orders_take_from_the_order_pools_and_queries_do_not():
    assert ENDPOINTS["place_order"].orders == (1, 1)
    assert ENDPOINTS["place_batch"].orders == (5, 1)
    assert ENDPOINTS["cancel_order"].orders == (0, 0)


def test_writes_are_what_must_not_be_repeated_blindly():
    assert ENDPOINTS["place_order"].is_write
    assert ENDPOINTS["cancel_order"].is_write
    assert not ENDPOINTS["query_order"].is_write
    assert ENDPOINTS["create_listen_key"].security is Security.KEY
    assert not ENDPOINTS["create_listen_key"].is_write
