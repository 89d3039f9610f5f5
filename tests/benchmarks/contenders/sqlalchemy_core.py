"""SQLAlchemy Core: statements built once, rows as `Row`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, event, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.contenders.sqlalchemy_engine import plain_engine
from tests.benchmarks.contenders.stock_models import StockModels
from tests.benchmarks.targets import Target


def upsert(target: Any, engine: str) -> Any:
    """Return an insert of whole rows into *target*, a table or a class, that updates rows with an existing id."""
    statement: Any = postgresql.insert(target) if engine == "postgresql" else sqlite.insert(target)
    changed = {column.name: column for column in statement.excluded if column.name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changed)


class SqlalchemyCore(Contender):
    """`Connection.execute` of prebuilt statements."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.engine = plain_engine(target)
        models = StockModels(target.package.Genre)
        self.plain: Table = models.Plain.__table__
        self.rich: Table = models.Rich.__table__
        self.book: Table = models.Book.__table__
        self.author: Table = models.Author.__table__
        plain = self.plain
        self.get = select(plain).where(plain.c.id == bindparam("key"))
        self.filter = select(plain).where(plain.c.id >= bindparam("low"), plain.c.id < bindparam("high"))
        self.insert = insert(plain).returning(plain)
        self.update = update(plain).where(plain.c.id == bindparam("key")).returning(plain)
        self.delete = delete(plain).where(plain.c.id == bindparam("key")).returning(plain)
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.engine.connect() as connection, connection.begin() as transaction:
            self._connection = connection
            try:
                yield
            finally:
                transaction.rollback()

    @property
    def connection(self) -> Connection:
        """The connection of the open transaction."""
        assert self._connection is not None
        return self._connection

    def scalar(self, sql: str) -> object:
        return self.connection.scalar(text(sql))

    def close(self) -> None:
        self.engine.dispose()

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        return self.connection.execute(select(self.plain)).all()

    def bulk_read_rich(self, workload: Workload) -> Sequence[Any]:
        return self.connection.execute(select(self.rich)).all()

    def point_read(self, workload: Workload) -> Sequence[Any]:
        execute, get = self.connection.execute, self.get
        return [execute(get, {"key": key}).one() for key in workload.keys]

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        rows: list[Any] = []
        for key in workload.keys:
            rows += self.connection.execute(self.filter, {"low": key, "high": key + SPAN}).all()
        return rows

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        execute, statement = self.connection.execute, self.insert
        return [execute(statement, values).one() for values in workload.rows]

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        execute, statement = self.connection.execute, self.update
        return [execute(statement, {"key": key, **changes}).one() for key, changes in workload.changes]

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        execute, statement = self.connection.execute, self.delete
        return [bool(execute(statement, {"key": key}).all()) for key in workload.keys]

    def stream(self, workload: Workload) -> int:
        streamed = self.connection.execution_options(yield_per=1000).execute(select(self.plain))
        return sum(1 for _ in streamed)

    def insert_many(self, workload: Workload) -> object:
        self.connection.execute(insert(self.plain), workload.rows)
        return len(workload.rows)

    def insert_many_rich(self, workload: Workload) -> object:
        self.connection.execute(insert(self.rich), workload.rows)
        return len(workload.rows)

    def upsert_many(self, workload: Workload) -> object:
        self.connection.execute(upsert(self.plain, self.target.engine), workload.rows)
        return len(workload.rows)

    def upsert_many_rich(self, workload: Workload) -> object:
        self.connection.execute(upsert(self.rich, self.target.engine), workload.rows)
        return len(workload.rows)

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        books = self.connection.execute(select(self.book)).all()
        wanted = {book.author_id for book in books}
        found = self.connection.execute(select(self.author).where(self.author.c.id.in_(wanted)))
        authors = {author.id: author for author in found}
        return [(book.id, book.title, authors[book.author_id].name) for book in books]

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        for _ in range(workload.times):
            with self.engine.begin():
                pass
        return ()


class ListenedCore(SqlalchemyCore):
    """The same on the generated table and with its row class, and a listener on every statement."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        plain: Table = target.package.metadata.tables["plain"]
        self.get = select(plain).where(plain.c.id == bindparam("key"))
        self.heard = 0
        event.listen(self.engine, "before_cursor_execute", self._listener)

    def _listener(self, *_: object) -> None:
        self.heard += 1

    def point_read(self, workload: Workload) -> Sequence[Any]:
        row, execute, get = self.target.package.PlainRow, self.connection.execute, self.get
        return [row(*execute(get, {"key": key}).one()) for key in workload.keys]
