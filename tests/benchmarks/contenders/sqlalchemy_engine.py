"""An engine of SQLAlchemy's own for a place, whose transactions begin and end as everybody's do."""

from __future__ import annotations

import warnings
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SAWarning

from tests.benchmarks.places import Place


def plain_engine(place: Place) -> Engine:
    """An engine that tablewright knows nothing of."""
    if place.engine == "postgresql":
        # Tablewright asks whether a pooled connection is still alive; so does this.
        return create_engine(place.url, connect_args={"options": "-c timezone=UTC"}, pool_pre_ping=True)
    # That decimals pass through floats on SQLite is so for every contender; the columns' digits survive it.
    warnings.filterwarnings("ignore", "Dialect sqlite.* does .not. support Decimal", SAWarning)
    engine = create_engine(f"sqlite:///{place.url.database}", connect_args={"isolation_level": None})

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
