"""The tables of the benchmarks, mapped by hand with SQLAlchemy's own types."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, declarative_base, mapped_column, relationship

IdType = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """Timestamps with time zone on SQLite, which stores no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return value if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return value if value is None else value.replace(tzinfo=dt.UTC)


class StockModels:
    """New mapped classes `Plain`, `Rich`, `Author` and `Book`; *genres* is the enum of *rich*."""

    def __init__(self, genres: Any, metadata: MetaData | None = None) -> None:
        base: Any = declarative_base(metadata=metadata)

        class Plain(base):
            __tablename__ = "plain"

            id: Mapped[int] = mapped_column(IdType, primary_key=True)
            name: Mapped[str] = mapped_column(String(100))
            title: Mapped[str] = mapped_column(String(200))
            rank: Mapped[int] = mapped_column(Integer)
            score: Mapped[float] = mapped_column(Float(53))
            active: Mapped[bool]
            seen: Mapped[dt.datetime] = mapped_column(DateTime)

        class Rich(base):
            __tablename__ = "rich"

            id: Mapped[int] = mapped_column(IdType, primary_key=True)
            price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
            token: Mapped[uuid.UUID] = mapped_column(Uuid)
            details: Mapped[dict[str, str]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
            genre: Mapped[Any] = mapped_column(
                Enum(genres, native_enum=False, length=7, values_callable=lambda members: [m.value for m in members])
            )
            tags: Mapped[list[str]] = mapped_column(JSON().with_variant(ARRAY(Text), "postgresql"))
            made: Mapped[dt.datetime] = mapped_column(UtcDateTime().with_variant(DateTime(timezone=True), "postgresql"))

        class Author(base):
            __tablename__ = "author"

            id: Mapped[int] = mapped_column(IdType, primary_key=True)
            name: Mapped[str] = mapped_column(String(200))

        class Book(base):
            __tablename__ = "book"

            id: Mapped[int] = mapped_column(IdType, primary_key=True)
            author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
            title: Mapped[str] = mapped_column(String(300))
            pages: Mapped[int] = mapped_column(Integer)
            author: Mapped[Any] = relationship(Author)

        self.Plain: Any = Plain
        self.Rich: Any = Rich
        self.Author: Any = Author
        self.Book: Any = Book
