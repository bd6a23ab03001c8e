import pytest
from Crypto.PublicKey import ECC, RSA

from engine.errors import CredentialsError
from engine.wire.signing import HmacSigner, encode_params, signer_for

SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"


def test_the_exchanges_own_example():
    payload = (
        b"symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
        b"&recvWindow=5000&timestamp=1591702613943"
    )
    expected = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
    assert HmacSigner(SECRET).sign(payload) == expected
    assert HmacSigner(SECRET).verify(payload, expected.upper())


def test_parameters_are_encoded_once_and_empty_ones_left_out():
    assert encode_params({"symbol": "币安USDT", "a": None, "b": "", "c": True, "d": "x y@"}) == (
        "symbol=%E5%B8%81%E5%AE%89USDT&c=true&d=x%20y%40"
    )


@pytest.fixture(scope="module")
def pems():
    return {
        "rsa": RSA.generate(2048).export_key(pkcs=8).decode(),
        "ed25519": ECC.generate(curve="ed25519").export_key(format="PEM"),
    }


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_private_keys_sign_what_their_twin_verifies(pems, kind):
    signer = signer_for(pems[kind])
    signature = signer.sign(b"a=1")
    assert signer.verify(b"a=1", signature)
    assert not signer.verify(b"a=2", signature)
    assert not signer.verify(b"a=1", "not base64!")


def test_a_public_ed25519_key_verifies_and_does_not_sign(pems):
    public = ECC.import_key(pems["ed25519"]).public_key().export_key(format="PEM")
    signer = signer_for(public)
    assert signer.verify(b"a=1", signer_for(pems["ed25519"]).sign(b"a=1"))
    with pytest.raises(CredentialsError, match="public key"):
        signer.sign(b"a=1")


def test_an_unreadable_pem_is_said_without_its_text():
    with pytest.raises(CredentialsError) as caught:
        signer_for("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----")
    assert "c2VjcmV0" not in str(caught.value)


def test_a_foreign_signature_of_any_shape_is_refused():
    for wrong in ("", "zz", "ü", "0" * 64):
        assert not HmacSigner(SECRET).verify(b"a=1", wrong)
