"""A certificate for localhost and 127.0.0.1 that only tests trust (valid until 2126)."""

from __future__ import annotations

import ssl
from pathlib import Path

PEM = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgypP1C+qlODjhnUbc
9VJB17ZCQCHUFVEIn/4oU+TKVYGhRANCAARa4VHWZjFi7iaXqCjDufUC3Swl+/Dm
C+V8Sc2/lP/P7c6VtG2uk1VKtbEGiVJEJIzznyUlwclIjyMh+0WYWpSi
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBojCCAUmgAwIBAgIUJDhjbz8Dv/Bz9uomK66jIh0D6+cwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNUGVycGRlc2sgdGVzdDAgFw0yNjExMjMxNzM0MTVaGA8yMTI2
MTAzMDE3MzQxNVowGDEWMBQGA1UEAwwNUGVycGRlc2sgdGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABFrhUdZmMWLuJpeoKMO59QLdLCX78OYL5XxJzb+U/8/t
zpW0ba6TVUq1sQaJUkQkjPOfJSXByUiPIyH7RZhalKKjbzBtMB0GA1UdDgQWBBTj
PtHwcNUXJVbfvlXPcjNVe+9VVjAfBgNVHSMEGDAWgBTjPtHwcNUXJVbfvlXPcjNV
e+9VVjAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAA
ATAKBggqhkjOPQQDAgNHADBEAiBw/RupiT3BoN8eVO1F/uAZQYvPr1Gh2fUQZb5V
YAQaMgIgKTHCLHwGsnabkvOnnbeoe4f3iTXwNV44sytZ7zt5VX0=
-----END CERTIFICATE-----
"""


def write_pem(folder: Path) -> Path:
    path = folder / "localhost.pem"
    path.write_text(PEM, encoding="ascii")
    return path


def server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
