"""The paper exchange with prices from a file, from another venue, and after a restart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import PaperExchangeError
from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import PaperClient, Stream, paper_server
from tests.helpers.waiting import wait_until

START_MS = 1_790_000_000_000
DEADLINE_S = 45.0


def trade_file(folder: Path, rows: int, every_ms: int = 100) -> Path:
    """Buys at 70000.0 and a tenth higher each time."""
    path = folder / "BTCUSDT-aggTrades-2026-11-22.csv"
    lines = [
        f"{n},{70000 + n // 10}.{n % 10},0.020,{n},{n},{START_MS + n * every_ms},false"
        for n in range(rows)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def touch(client: PaperClient) -> tuple[Decimal, Decimal]:
    row = client.public("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT").body
    return Decimal(row["bidPrice"]), Decimal(row["askPrice"])


def last_price(client: PaperClient) -> Decimal:
    return Decimal(client.public("/fapi/v2/ticker/price", symbol="BTCUSDT").body["price"])


def server_time(client: PaperClient) -> int:
    return client.public("/fapi/v1/time").body["serverTime"]


class TestReplay:
    def test_trades_of_the_file_are_printed_and_move_the_prices(self, tmp_path):
        path = trade_file(tmp_path, 1000)
        options = {"replay": path, "speed": 10, "symbols": ("BTCUSDT",), "quiet_market": False}
        with paper_server(tmp_path / "state", fresh=True, verify=True, **options) as server:
            client = PaperClient(server)
            assert touch(client)[0] >= Decimal("69999")
            with Stream(f"{server.hosts.streams}/market/ws/btcusdt@aggTrade") as stream:
                first = stream.until(lambda event: event.get("e") == "aggTrade")
                following = stream.until(lambda event: event["p"] != first["p"])
            assert Decimal(following["p"]) - Decimal(first["p"]) == Decimal("0.1")
            assert (first["q"], first["m"]) == ("0.020", False)
            wait_until(lambda: last_price(client) > Decimal("70005"), DEADLINE_S)
            closes = client.public("/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit=3).body
            assert Decimal(closes[0][4]) > Decimal("69500"), "the past ends where the file begins"

    def test_persons_order_is_filled_by_the_replayed_trades(self, tmp_path):
        path = trade_file(tmp_path, 2000)
        options = {"replay": path, "speed": 10, "symbols": ("BTCUSDT",), "quiet_market": False}
        with paper_server(tmp_path / "state", fresh=True, verify=True, **options) as server:
            client = PaperClient(server)
            price = touch(client)[1] + Decimal("5.0")
            placed = client.order("SELL", price=str(price), quantity="0.050")
            assert placed.status == 200, placed.body
            wait_until(lambda: client.position() == "-0.050", DEADLINE_S)

    def test_can_be_paused_seen_and_sped_up(self, tmp_path):
        path = trade_file(tmp_path, 100_000)
        options = {"replay": path, "speed": 10, "symbols": ("BTCUSDT",), "quiet_market": False}
        with paper_server(tmp_path / "state", fresh=True, **options) as server:
            client = PaperClient(server)

            def ask(body: str = "") -> dict:
                answer = client.raw("POST" if body else "GET", "/paper/v1/replay", body)
                assert answer.status == 200, answer.body
                return answer.body["replays"][0]

            start = ask()
            wait_until(lambda: ask()["positionMs"] > start["positionMs"], DEADLINE_S)
            paused = ask('{"paused": true, "symbol": "BTCUSDT"}')
            before = last_price(client)
            assert client.order("BUY", price="60000", quantity="0.010").status == 200
            later = server_time(client) + 500
            wait_until(lambda: server_time(client) > later)
            assert (ask()["positionMs"], last_price(client)) == (paused["positionMs"], before)
            assert ask('{"paused": false, "speed": 100}')["speed"] == 100
            wait_until(lambda: last_price(client) > before + 20, DEADLINE_S)
            assert client.raw("POST", "/paper/v1/replay", '{"speed": 1000}').code == -1130
            assert client.raw("POST", "/paper/v1/replay", '{"symbol": "ETHUSDT"}').code == -1130
            assert client.raw("POST", "/paper/v1/replay", "faster").code == -1130
            assert client.raw("GET", "/paper/v1/replay", "", {}).status == 401

    @pytest.mark.parametrize(
        ("name", "text", "sentence"),
        [
            ("trades.csv", "", "should begin with a contract"),
            ("BTCUSDT-aggTrades.csv", "1,x,0.1,1,1,1790000000000,true\n", "Line 1 of"),
        ],
    )
    def test_unusable_file_ends_the_start_with_a_sentence(self, tmp_path, name, text, sentence):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with (
            pytest.raises(PaperExchangeError, match=sentence),
            paper_server(tmp_path / "state", replay=path),
        ):
            pass


class TestMirror:
    @pytest.fixture
    def model(self, tmp_path):
        """The venue that is mirrored."""
        with paper_server(
            tmp_path / "model",
            fresh=True,
            seed=5,
            quiet_market=False,
            symbols=("BTCUSDT",),
            balance="100000000",
        ) as server:
            yield server

    def mirror_of(self, model: PaperProcess, folder: Path):
        return paper_server(
            folder,
            fresh=True,
            verify=True,
            quiet_market=False,
            symbols=("BTCUSDT",),
            mirror=model.hosts.streams,
        )

    def test_shows_the_models_book_and_prints(self, model, tmp_path):
        with self.mirror_of(model, tmp_path / "mirror") as server:
            ours, theirs = PaperClient(server), PaperClient(model)

            def levels_in_common() -> int:
                one, two = (
                    client.public("/fapi/v1/depth", symbol="BTCUSDT", limit=20).body
                    for client in (theirs, ours)
                )
                same = {tuple(row) for row in one["bids"] + one["asks"]}
                return len(same.intersection(tuple(row) for row in two["bids"] + two["asks"]))

            wait_until(lambda: levels_in_common() >= 25, DEADLINE_S)
            with (
                # listened to first: what is told after that is repeated after that
                Stream(f"{server.hosts.streams}/market/ws/btcusdt@aggTrade") as repeated,
                Stream(f"{model.hosts.streams}/market/ws/btcusdt@aggTrade") as told,
            ):
                wanted = {
                    (event["p"], event["q"], event["m"])
                    for event in (told.receive() for _ in range(5))
                }
                repeated.until(lambda event: (event["p"], event["q"], event["m"]) in wanted)

    def test_follows_a_large_move_and_fills_people_in_its_way(self, model, tmp_path):
        with self.mirror_of(model, tmp_path / "mirror") as server:
            client = PaperClient(server)
            price = touch(client)[1] + Decimal("10.0")
            assert client.order("SELL", price=str(price), quantity="0.050").status == 200
            mover = PaperClient(model)

            def is_filled() -> bool:
                mover.market("BUY", "100")
                return client.position() == "-0.050"

            wait_until(is_filled, DEADLINE_S)

    def test_goes_on_after_the_model_was_away(self, model, tmp_path):
        with self.mirror_of(model, tmp_path / "mirror") as server:
            client = PaperClient(server)
            port = int(model.hosts.rest.rpartition(":")[2])
            model.kill()
            stale = touch(client)
            assert stale[0] < stale[1]
            with paper_server(
                tmp_path / "model2",
                fresh=True,
                seed=6,
                port=port,
                quiet_market=False,
                symbols=("BTCUSDT",),
            ) as again:
                back = PaperClient(again)
                seen = set()

                def moves_with_it() -> bool:
                    seen.add(touch(client))
                    ours, theirs = touch(client)[0], touch(back)[0]
                    return len(seen) > 5 and abs(ours - theirs) < 5

                wait_until(moves_with_it, DEADLINE_S)

    def test_address_that_answers_nothing_is_a_sentence(self, tmp_path):
        with (
            pytest.raises(PaperExchangeError, match="cannot be mirrored"),
            paper_server(tmp_path, mirror="http://127.0.0.1:1"),
        ):
            pass


class TestRestart:
    def test_kept_account_reopens_at_its_last_price_and_candles_end_there(self, tmp_path):
        options = {"seed": 7, "quiet_market": False, "symbols": ("BTCUSDT",)}
        with paper_server(tmp_path, **options) as server:
            client = PaperClient(server)
            with Stream(f"{server.hosts.streams}/market/ws/btcusdt@aggTrade") as stream:
                for _ in range(30):
                    stream.receive()
            before = last_price(client)
        with paper_server(tmp_path, **options) as server:
            client = PaperClient(server)
            assert abs(last_price(client) - before) < 60
            rows = client.public("/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit=5).body
            assert all(abs(Decimal(row[4]) - before) < 500 for row in rows)

    def test_same_seed_is_the_same_hour_only_when_fresh(self, tmp_path):
        def past(folder: str, *, fresh: bool) -> list[str]:
            with paper_server(tmp_path / folder, seed=7, fresh=fresh, quiet_market=False) as server:
                rows = PaperClient(server).public(
                    "/fapi/v1/klines", symbol="BTCUSDT", interval="1d", limit=500
                )
                return [row[4] for row in rows.body[:-2]]

        # the past ends at the minute of the start: two tries are never both cut by a minute's end
        assert any(past(f"one-{n}", fresh=True) == past(f"two-{n}", fresh=True) for n in range(2))
        assert past("three", fresh=False) != past("four", fresh=False)
