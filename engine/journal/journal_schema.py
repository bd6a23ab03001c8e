"""Tables of the journal and how an older file becomes a newer one.

A migration, once released, is never edited: a change is a new entry at the end.
Money is text, so that not a digit is lost; times are ms since 1970 UTC.
"""

from __future__ import annotations

import sqlite3

from engine.errors import JournalError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE intents (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        request_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        side TEXT,
        type TEXT,
        quantity TEXT,
        price TEXT,
        time_in_force TEXT,
        reduce_only INTEGER,
        position_side TEXT
    );
    CREATE TABLE orders (
        symbol TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        order_id INTEGER,
        side TEXT NOT NULL,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        price TEXT NOT NULL,
        orig_qty TEXT NOT NULL,
        executed_qty TEXT NOT NULL,
        cummulative_quote_qty TEXT NOT NULL,
        avg_price TEXT NOT NULL,
        time_in_force TEXT NOT NULL,
        position_side TEXT NOT NULL,
        reduce_only INTEGER NOT NULL,
        commission TEXT NOT NULL,
        commission_asset TEXT NOT NULL,
        realized_pnl TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        origin TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (symbol, client_order_id)
    );
    CREATE INDEX open_orders ON orders (status) WHERE status NOT IN
        ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'EXPIRED_IN_MATCH');
    CREATE TABLE fills (
        symbol TEXT NOT NULL,
        trade_id INTEGER NOT NULL,
        order_id INTEGER NOT NULL,
        client_order_id TEXT NOT NULL,
        side TEXT NOT NULL,
        price TEXT NOT NULL,
        quantity TEXT NOT NULL,
        commission TEXT NOT NULL,
        commission_asset TEXT NOT NULL,
        realized_pnl TEXT NOT NULL,
        is_maker INTEGER NOT NULL,
        position_side TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        PRIMARY KEY (symbol, trade_id, order_id)
    );
    CREATE INDEX fills_by_order ON fills (symbol, order_id);
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL
    );
    """,
    """
    CREATE INDEX orders_by_update ON orders (updated_at);
    -- not known to have ended, or ended with trades missing here: they came after a kill,
    -- or not at all. Binary fractions are good enough to decide whom to ask
    CREATE VIEW unsettled_orders AS
        SELECT * FROM orders WHERE status NOT IN
            ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'EXPIRED_IN_MATCH')
        UNION ALL
        SELECT * FROM orders WHERE status IN
            ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'EXPIRED_IN_MATCH')
        AND updated_at >= (SELECT MAX(updated_at) FROM orders) - 7 * 24 * 3600 * 1000
        AND ABS(CAST(executed_qty AS REAL) - (
            SELECT TOTAL(CAST(quantity AS REAL)) FROM fills
            WHERE fills.symbol = orders.symbol AND fills.order_id = orders.order_id)) > 1e-9;
    """,
    """
    ALTER TABLE orders ADD COLUMN client_algo_id TEXT NOT NULL DEFAULT '';
    -- what was asked for as JSON: the terms differ by kind
    CREATE TABLE algo_intents (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        client_algo_id TEXT NOT NULL,
        request_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX algo_intents_by_id ON algo_intents (client_algo_id);
    CREATE TABLE algos (
        symbol TEXT NOT NULL,
        client_algo_id TEXT NOT NULL,
        algo_id INTEGER,
        order_id INTEGER,
        side TEXT NOT NULL,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        quantity TEXT NOT NULL,
        trigger_price TEXT NOT NULL,
        price TEXT NOT NULL,
        callback_pct TEXT NOT NULL,
        activate_price TEXT NOT NULL,
        close_position INTEGER NOT NULL,
        reduce_only INTEGER NOT NULL,
        position_side TEXT NOT NULL,
        working_type TEXT NOT NULL,
        price_protect INTEGER NOT NULL,
        time_in_force TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        origin TEXT NOT NULL,
        reason TEXT NOT NULL,
        replaces TEXT NOT NULL,
        PRIMARY KEY (symbol, client_algo_id)
    );
    CREATE INDEX open_algos ON algos (status) WHERE status NOT IN
        ('FINISHED', 'CANCELED', 'REJECTED', 'EXPIRED');
    """,
    """
    CREATE TABLE plans (
        plan_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        cancels_rest INTEGER NOT NULL,
        next_index INTEGER NOT NULL,
        terms TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL
    );
    CREATE INDEX unfinished_plans ON plans (created_ms) WHERE state IN ('running', 'stopping');
    """,
    """
    CREATE TABLE lock_outs (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        sentence TEXT NOT NULL,
        key_id TEXT NOT NULL,
        signature TEXT NOT NULL
    );
    """,
    """
    -- one row a bracket, its newest record as JSON: what it is made of changes step by step
    CREATE TABLE brackets (
        bracket_id TEXT PRIMARY KEY,
        is_ended INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX open_brackets ON brackets (is_ended) WHERE is_ended = 0;
    """,
    """
    -- what no fill tells: funding, transfers ..., as the exchange's statement has it
    CREATE TABLE income (
        kind TEXT NOT NULL,
        asset TEXT NOT NULL,
        symbol TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        transaction_id INTEGER NOT NULL,
        trade_id TEXT NOT NULL,
        income TEXT NOT NULL,
        info TEXT NOT NULL,
        PRIMARY KEY (kind, asset, symbol, time_ms, transaction_id, trade_id)
    );
    CREATE TABLE trade_notes (
        symbol TEXT NOT NULL,
        position_side TEXT NOT NULL,
        trade_id INTEGER NOT NULL,
        note TEXT NOT NULL,
        tags TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (symbol, position_side, trade_id)
    );
    -- of our own orders, by our own clock
    CREATE TABLE executions (
        symbol TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        side TEXT NOT NULL,
        type TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        bid TEXT,
        ask TEXT,
        ack_ms REAL,
        fill_ms REAL,
        PRIMARY KEY (symbol, client_order_id)
    );
    """,
)


def version_of(connection: sqlite3.Connection) -> int:
    """Raises JournalError for a file of a newer Perpdesk: touch nothing of it."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise JournalError(
            f"The journal was written by a newer Perpdesk (version {version}, this one knows"
            f" {len(MIGRATIONS)}). Update Perpdesk, or choose another data folder."
        )
    return version


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version, one transaction a step. Raises sqlite3.Error."""
    for number in range(version_of(connection), len(MIGRATIONS)):
        script = MIGRATIONS[number]
        connection.executescript(f"BEGIN;{script};PRAGMA user_version={number + 1};COMMIT;")
