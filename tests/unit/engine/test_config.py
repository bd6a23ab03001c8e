import pytest

from engine.build_engine import risk_limits
from engine.config import default_config, load_config, parse_config
from engine.config_keys import KEYS
from engine.errors import ConfigError
from engine.trading_types import EnvironmentKind
from engine.utils.paths import program_dir


def test_the_shipped_file_says_the_defaults():
    shipped = load_config(program_dir() / "config.yaml")
    assert dict(shipped.values) == dict(default_config().values)


def test_the_shipped_file_names_every_key():
    text = (program_dir() / "config.yaml").read_text(encoding="utf-8")
    for key in KEYS:
        assert key.split(".")[-1] + ":" in text


@pytest.mark.parametrize(
    ("content", "key", "words"),
    [
        (
            "exchange: {enviroment: paper}",
            "exchange.enviroment",
            "Did you mean exchange.environment?",
        ),
        (
            "websocket: {ping_interval: fast}",
            "websocket.ping_interval",
            "must be a number, not 'fast'",
        ),
        ("websocket: {ping_interval: true}", "websocket.ping_interval", "must be a number"),
        ("oms: {retry_attempts: 99}", "oms.retry_attempts", "from 1 to 10"),
        ("oms: {retry_attempts: 1.5}", "oms.retry_attempts", "whole number"),
        ("exchange: {testnet: maybe}", "exchange.testnet", "true or false"),
        ("exchange: {market_type: spot}", "exchange.market_type", "must be one of um_futures"),
        ("exchange: 3", "exchange", "indented below"),
        ("paper: {symbols: BTCUSDT}", "paper.symbols", "a list such as"),
        ("paper: {symbols: [BTC-USDT]}", "paper.symbols[0]", "symbol such as BTCUSDT"),
        ("desktop: {symbol: }", "desktop.symbol", "must be a text"),
        ("environments: [a]", "environments", "map names to hosts"),
        ("environments: {x: 1}", "environments.x", "rest, streams and ws_api"),
        ("environments: {x: {rest: ftp://a}}", "environments.x.rest", "start with http"),
        ("environments: {x: {rst: http://a}}", "environments.x.rst", "rest, streams, ws_api"),
        ("a: b: c", "config.yaml", "not valid YAML in line 1"),
        ("- 1", "config.yaml", "sections"),
        ("colour: red", "colour", "not a known setting"),
    ],
)
def test_a_wrong_setting_names_the_key_and_the_fix(content, key, words):
    with pytest.raises(ConfigError) as caught:
        parse_config(content)
    assert caught.value.key == key
    assert words in str(caught.value)


def test_a_missing_file_and_a_file_that_is_no_text_are_said(tmp_path):
    with pytest.raises(ConfigError, match="there is no file"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"exchange: {environment: \xff}")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "latin.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_empty_sections_and_empty_files_mean_defaults():
    assert parse_config("").values == default_config().values
    assert parse_config("exchange:\noms:\n").values == default_config().values


def test_environments():
    own = "{rest: 'http://127.0.0.1:9/', streams: 'ws://127.0.0.1:9', ws_api: 'ws://127.0.0.1:9/x'}"
    far = "{rest: https://ex.test, streams: wss://ex.test, ws_api: wss://ex.test/x}"
    config = parse_config(f"environments: {{desk2: {own}, far: {far}}}")
    assert config.environment().kind is EnvironmentKind.PAPER
    assert config.environment("desk2").kind is EnvironmentKind.PAPER
    assert config.environment("desk2").hosts.rest == "http://127.0.0.1:9"
    assert config.environment("far").kind is EnvironmentKind.LIVE
    assert config.environment("live").hosts.rest == "https://fapi.binance.com"
    with pytest.raises(ConfigError, match="known are: paper, testnet, live, desk2, far"):
        config.environment("tesnet")


def test_the_milestones_testnet_switch():
    assert parse_config("exchange: {testnet: true}").environment().kind is EnvironmentKind.TESTNET


def test_changed_values_are_checked_too():
    assert default_config().with_values(paper__seed=3)["paper.seed"] == 3
    with pytest.raises(ConfigError):
        default_config().with_values(paper__seed="x")


GUARDED = ("risk.orders_per_second", "risk.duplicate_within_ms", "risk.max_leverage")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (EnvironmentKind.LIVE, (10, 500, 20)),
        (EnvironmentKind.TESTNET, (10, 500, 20)),
        (EnvironmentKind.PAPER, (0, 0, 0)),
        (EnvironmentKind.RECORDING, (0, 0, 0)),
    ],
)
def test_limits_left_to_the_environment_hold_where_money_is_at_stake(kind, expected):
    config = default_config().for_kind(kind)
    assert tuple(config[key] for key in GUARDED) == expected
    assert risk_limits(config).max_leverage == expected[-1]


def test_a_limit_of_ones_own_holds_everywhere_also_none():
    content = "risk: {orders_per_second: 3, max_leverage: 0}"
    for kind in EnvironmentKind:
        config = parse_config(content).for_kind(kind)
        assert (config["risk.orders_per_second"], config["risk.max_leverage"]) == (3, 0)
    with pytest.raises(ConfigError, match="whole number"):
        parse_config("risk: {max_leverage: much}")
