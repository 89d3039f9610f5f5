"""SQLModel: SQLAlchemy's session, and classes that are pydantic models too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pydantic import NaiveDatetime
from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel

from tests.benchmarks.contenders.sqlalchemy_orm import SqlalchemyOrm

_SAME = "the same statement in the same session as SQLAlchemy's ORM"


class SqlmodelOrm(SqlalchemyOrm):
    """`SQLModel` classes in its own `Session`."""

    unsupported = {
        "bulk_read_rich": "each of these types has to be said as a column of SQLAlchemy's",
        "insert_many": _SAME,
        "upsert_many": _SAME,
        "empty_sessions": _SAME,
        "update_by_key": _SAME,
        "delete_by_key": _SAME,
    }

    def map_models(self) -> Any:
        metaclass: Any = type(SQLModel)
        # A registry for each target, so that their classes do not clash.
        base = metaclass("Base", (SQLModel,), {"__module__": __name__}, registry=registry(metadata=MetaData()))
        # Pydantic evaluates annotations when the class is created.
        namespace: dict[str, Any] = {
            "__annotations__": {
                "id": int | None,
                "name": str,
                "title": str,
                "rank": int,
                "score": float,
                "active": bool,
                "seen": NaiveDatetime,
            },
            "__module__": __name__,
            "__tablename__": "plain",
            "id": Field(default=None, primary_key=True),
        }
        plain = metaclass("Plain", (base,), namespace, table=True)
        return SimpleNamespace(Plain=plain)

    def open_session(self) -> Any:
        return Session(self.engine)
