"""Whether API keys are fit to trade with: asked at the exchange before they are kept.

Reads only, and keeps nothing. Each answer is a sentence for a person.
"""

from __future__ import annotations

import msgspec

from engine.clock import Clock
from engine.errors import (
    ClockRefused,
    CredentialsError,
    KeyRefused,
    OrderRefused,
    PerpdeskError,
)
from engine.events.keys import Finding, KeyFinding
from engine.exchange.rest_client import RestClient, RestSettings
from engine.secret import Credentials
from engine.utils.retry import RetryPolicy
from engine.wire.hosts import Hosts
from engine.wire.rest_messages import AccountConfig, KeyRights

_CLOCK_OFF_MS = 1000
_QUICK = RetryPolicy(attempts=2, base_s=0.2, max_pause_s=0.5)

_SEE_YOURSELF = (
    "Whether this key may withdraw, and from which addresses it works, is not told here:"
    " see to it where the key was made. Perpdesk never needs the right to withdraw."
)


def check_keys(
    hosts: Hosts, credentials: Credentials, clock: Clock, settings: RestSettings
) -> tuple[KeyFinding, ...]:
    """Blocks for a few calls. Every failure is a finding; raises nothing of its own."""
    hurried = msgspec.structs.replace(settings, read_retry=_QUICK)
    futures = None
    try:
        futures = _client(hosts, credentials, clock, hurried)
        return _findings(futures, hosts, credentials, clock, hurried)
    except CredentialsError as error:
        return (_bad(str(error)),)
    finally:
        if futures is not None:
            futures.close()


def _findings(
    futures: RestClient,
    hosts: Hosts,
    credentials: Credentials,
    clock: Clock,
    settings: RestSettings,
) -> tuple[KeyFinding, ...]:
    try:
        futures.sync_clock()
    except PerpdeskError as error:
        return (_bad(f"The exchange is not reached, so the keys could not be tried: {error}"),)
    found = [_of_clock(futures)]
    try:
        account = futures.call("account_config", AccountConfig)
    except PerpdeskError as error:
        return (*found, _of_refusal(error))
    found += [_good("The exchange accepts the key and its signature."), _of_trading(account)]
    found += _of_rights(futures, hosts, credentials, clock, settings)
    return (*found, _of_mode(account))


def _client(
    hosts: Hosts,
    credentials: Credentials,
    clock: Clock,
    settings: RestSettings,
    futures: RestClient | None = None,
) -> RestClient:
    """The wallet's host has no clock of its own to ask: it shares that of the futures."""
    return RestClient(
        hosts,
        clock=clock,
        api_key=credentials.api_key,
        api_secret=credentials.api_secret.reveal(),
        settings=settings,
        server_clock=futures.server_clock if futures is not None else None,
    )


def _of_clock(futures: RestClient) -> KeyFinding:
    estimate = futures.server_clock.estimate
    offset_ms = estimate.offset_ms if estimate is not None else 0.0
    if abs(offset_ms) < _CLOCK_OFF_MS:
        return _good(f"This computer's clock is {abs(offset_ms):.0f} ms off; that is fine.")
    return _warning(
        f"This computer's clock is {abs(offset_ms) / 1000:.1f} s off. Perpdesk reckons with"
        " it, but set the clock: other programs will not."
    )


def _of_refusal(error: PerpdeskError) -> KeyFinding:
    if isinstance(error, KeyRefused):
        return _bad(
            f"The exchange refuses the key: {error}. Is it a key of this environment, may it"
            " use futures, and is your address among those it is bound to?"
        )
    if isinstance(error, ClockRefused):
        return _bad(f"The exchange refuses the time of the request: {error}. Set the clock.")
    if isinstance(error, OrderRefused):
        return _bad(
            f"The exchange refuses the signature: {error}. Do key and secret belong together?"
        )
    return _bad(f"The keys could not be tried: {error}")


def _of_trading(account: AccountConfig) -> KeyFinding:
    if account.can_trade:
        return _good("The account may trade futures.")
    return _bad("The exchange does not let this account trade futures.")


def _of_rights(
    futures: RestClient,
    hosts: Hosts,
    credentials: Credentials,
    clock: Clock,
    settings: RestSettings,
) -> list[KeyFinding]:
    """Asked at the wallet's service, which may not know the key's environment."""
    if not hosts.wallet:
        return [_warning(_SEE_YOURSELF)]
    there = msgspec.structs.replace(hosts, rest=hosts.wallet)
    wallet = _client(there, credentials, clock, settings, futures)
    try:
        return _judged(wallet.call("key_rights", KeyRights))
    except PerpdeskError:
        return [_warning(_SEE_YOURSELF)]
    finally:
        wallet.close()


def _judged(rights: KeyRights) -> list[KeyFinding]:
    trades = (
        _good("The key may trade futures.")
        if rights.enable_futures
        else _bad("The key may only read: switch futures trading on where it was made.")
    )
    withdraws = (
        _warning("The key may WITHDRAW. Perpdesk never needs that: take the right away.")
        if rights.enable_withdrawals
        else _good("The key cannot withdraw.")
    )
    bound = (
        _good("The key works from chosen addresses only.")
        if rights.ip_restrict
        else _warning("The key works from everywhere: bind it to your address where it was made.")
    )
    return [trades, withdraws, bound]


def _of_mode(account: AccountConfig) -> KeyFinding:
    if account.dual_side_position:
        return _good("Long and short are held side by side (hedge mode).")
    return _good("Each symbol has one position (one-way mode).")


def _good(sentence: str) -> KeyFinding:
    return KeyFinding(finding=Finding.GOOD, sentence=sentence)


def _warning(sentence: str) -> KeyFinding:
    return KeyFinding(finding=Finding.WARNING, sentence=sentence)


def _bad(sentence: str) -> KeyFinding:
    return KeyFinding(finding=Finding.BAD, sentence=sentence)
