"""A plain SQLAlchemy engine for a target, with the same transactions as all contenders."""

from __future__ import annotations

import warnings
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SAWarning

from tests.benchmarks.targets import Target


def plain_engine(target: Target) -> Engine:
    """Return an engine without tablewright's listeners."""
    if target.engine == "postgresql":
        # Like tablewright, check that a pooled connection is alive.
        return create_engine(target.url, connect_args={"options": "-c timezone=UTC"}, pool_pre_ping=True)
    # On SQLite every contender passes decimals through floats, which keep the digits of these columns.
    warnings.filterwarnings("ignore", "Dialect sqlite.* does .not. support Decimal", SAWarning)
    engine = create_engine(f"sqlite:///{target.url.database}", connect_args={"isolation_level": None})

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
