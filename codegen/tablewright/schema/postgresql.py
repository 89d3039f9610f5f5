"""The used parts of SQLAlchemy's Postgres dialect, loaded on first use; programs on SQLite never load it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import (
        ARRAY as ARRAY,
        DATERANGE as DATERANGE,
        ENUM as ENUM,
        INT4RANGE as INT4RANGE,
        INT8RANGE as INT8RANGE,
        INTERVAL as INTERVAL,
        JSONB as JSONB,
        NUMRANGE as NUMRANGE,
        TIME as TIME,
        TIMESTAMP as TIMESTAMP,
        TSRANGE as TSRANGE,
        TSTZRANGE as TSTZRANGE,
        UUID as UUID,
        ExcludeConstraint as ExcludeConstraint,
    )
else:

    def __getattr__(name: str) -> Any:
        from sqlalchemy.dialects import postgresql

        return getattr(postgresql, name)
