import logging

from engine.utils.logger import close_logging, redact, setup_logging


def test_secrets_are_starred_wherever_they_appear():
    text = (
        "GET /order?symbol=X&signature=deadbeef00 X-MBX-APIKEY: abcdefghijklmnop1234 "
        '{"listenKey":"pqia91ma19a5s61cv6a81va65sd"} api_secret=topsecret'
        " /private/ws/pqia91ma19a5s61cv6a8"
    )
    cleaned = redact(text)
    for secret in ("deadbeef00", "abcdefghijklmnop1234", "pqia91ma19a5", "topsecret"):
        assert secret not in cleaned
    assert "symbol=X" in cleaned


def test_a_traceback_in_the_log_file_holds_no_signature(tmp_path):
    file = setup_logging(tmp_path / "with space ü")
    try:
        error = ValueError("https://host/x?signature=deadbeef00")
        logging.getLogger("test").error("failed order=%s", "pd-1", exc_info=error)
    finally:
        close_logging()
    written = file.read_text(encoding="utf-8")
    assert "failed order=pd-1" in written
    assert "deadbeef00" not in written
