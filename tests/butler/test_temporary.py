"""Temporary tables as in Butler's sessions: test 6, trap 48, and the option that disables them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError

from tablewright.runtime.bulk import staging
from tablewright.runtime.errors import TemporaryTablesDisabledError
from tablewright.spec.models import ColumnSpec, TableSpec

PAIRS = TableSpec(
    name="pairs",
    columns={
        "a_name": ColumnSpec(type="string", length=16, references="a.name", primary_key=True),
        "b_id": ColumnSpec(type="bigint", references="b.id", primary_key=True),
        "note": ColumnSpec(type="text", nullable=True),
    },
)


@pytest.fixture
def db(case: Any, place: str) -> Iterator[Any]:
    """Create two rows of `a` and two of `b`, on each of the three databases."""
    with case.Database(place) as database:
        database.create()
        with database.session() as session:
            session.a.insert_many([{"name": "a1"}, {"name": "a2"}])
            session.b.insert_many([{"id": 10, "name": "b1"}, {"id": 20, "name": "b2"}])
        yield database


@pytest.fixture
def readers(db: Any, case: Any, place: str) -> Iterator[Callable[[], Any]]:
    """Yield read-only sessions: of a read-only database, or of the one in memory."""
    if place == "sqlite://":
        yield lambda: db.session(read_only=True)
        return
    with case.Database(place, read_only=True) as opened:
        yield opened.session


def remaining_tables(db: Any) -> list[str]:
    """Return the temporary tables that remain in the pooled connection."""
    queries = {
        "sqlite": "SELECT name FROM sqlite_temp_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        "postgresql": "SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'",
    }
    with db.engine.connect() as connection:
        return [name for (name,) in connection.execute(text(queries[connection.dialect.name]))]


def fill(session: Any, pairs: Any) -> None:
    """Select every `a` with every `b`, with the names of the columns as labels."""
    a, b = session.a.table, session.b.table
    assert (
        pairs.insert_from(select(a.c.name.label("a_name"), b.c.id.label("b_id")).join_from(a, b, a.c.name != "")) == 4
    )


def test_a_select_fills_one_by_label(db: Any) -> None:
    """INSERT … SELECT assigns columns by label; the rows are typed, and join with other tables."""
    with db.session() as session, session.temporary_table(PAIRS) as pairs:
        fill(session, pairs)
        assert pairs.get_one("a1", 10).b_id == 10
        assert pairs.count(pairs.c.b_id == 20) == 2
        b = session.b.table
        joined = select(pairs.table.c.a_name, b.c.name).join(b, b.c.id == pairs.table.c.b_id)
        assert sorted(session.execute(joined).all())[0] == ("a1", "b1")


def test_a_select_fills_one_by_names(db: Any) -> None:
    """With `names=` the select fills those columns in their order, whatever its labels."""
    with db.session() as session, session.temporary_table(PAIRS) as pairs:
        b = session.b.table
        assert pairs.insert_from(select(b.c.id, b.c.name), names=["b_id", "a_name"]) == 2
        assert pairs.get("b1", 10) is not None


def test_core_statements_use_its_table(db: Any) -> None:
    """`table` is an ordinary SQLAlchemy table, for any statement."""
    with db.session() as session, session.temporary_table(PAIRS, "pairs") as pairs:
        assert pairs.table.name == "pairs"
        session.execute(insert(pairs.table), [{"a_name": "x", "b_id": 1}])
        assert session.scalar(select(func.count()).select_from(pairs.table)) == 1


def test_a_read_only_session_creates_one(readers: Callable[[], Any]) -> None:
    """A read-only session, also after a read, fills a temporary table by select and in bulk, and changes its rows."""
    with readers() as session:
        assert session.a.count() == 2
        with session.temporary_table(PAIRS) as pairs:
            fill(session, pairs)
            pairs.insert_many({"a_name": "more", "b_id": number} for number in range(500))
            assert pairs.upsert_many([{"a_name": "more", "b_id": number} for number in range(500)]) == 500
            assert pairs.update_where(pairs.c.a_name == "more", note="n") == 500
            assert pairs.count() == 504
            pairs.truncate()
            assert pairs.count() == 0
        assert session.a.count() == 2


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.a.insert(name="a3"),
        lambda session: session.a.update_where(session.a.c.name == "a1", region=b"\x00"),
        lambda session: session.a.delete("a1"),
        lambda session: session.a.insert_many([{"name": f"n{number}"} for number in range(300)]),
        lambda session: session.execute(text("CREATE TABLE more (x INTEGER)")),
        lambda session: session.execute(text("DROP TABLE d")),
        lambda session: session.execute(text("ALTER TABLE a ADD COLUMN more INTEGER")),
        lambda session: session.execute(text("CREATE INDEX more ON a (name)")),
    ],
    ids=["insert", "update", "delete", "many", "create", "drop", "alter", "index"],
)
def test_it_writes_nothing_else(db: Any, readers: Callable[[], Any], write: Callable[[Any], Any]) -> None:
    """Before, during and after the life of a temporary table, a read-only session refuses every other write."""
    for state in ("none", "open", "dropped"):
        with readers() as session:
            if state != "none":
                temporary = session.make_temporary_table(PAIRS)
                if state == "dropped":
                    session.drop_temporary_table(temporary)
            with (
                pytest.raises(DBAPIError, match=r"read-only transaction|readonly database|not authorized"),
                session.nested(),
            ):
                write(session)
    with db.session() as session:
        assert [row.name for row in session.a.select(order_by=session.a.c.name)] == ["a1", "a2"]


def test_one_spec_twice(db: Any) -> None:
    """Two temporary tables of one spec have different names and rows."""
    with db.session() as session:
        one, other = session.make_temporary_table(PAIRS), session.make_temporary_table(PAIRS)
        assert one.table is not other.table
        assert one.table.name != other.table.name
        one.insert(a_name="x", b_id=1)
        assert (one.count(), other.count()) == (1, 0)


@pytest.mark.parametrize("kind", ["writing", "reading"])
def test_a_name_can_be_used_again(db: Any, readers: Callable[[], Any], kind: str) -> None:
    """A name is free after its block: in the same session, in a savepoint, and in the connection's next session."""
    for _ in range(2):
        with (db.session if kind == "writing" else readers)() as session:
            for _ in range(8):
                with session.temporary_table(PAIRS, "scratch") as pairs:
                    assert pairs.count() == 0
                    pairs.insert(a_name="x", b_id=1)
            table = session.make_temporary_table(PAIRS, "scratch")
            session.drop_temporary_table(table)
            if kind == "writing":
                with session.nested(), session.temporary_table(PAIRS, "scratch") as pairs:
                    assert pairs.count() == 0
            # Left to the end of the transaction.
            session.make_temporary_table(PAIRS, "scratch")


@pytest.mark.parametrize("taken", ["a", "scratch"])
def test_an_existing_name_is_refused(db: Any, taken: str) -> None:
    """A temporary table cannot have the name of another table, real or temporary; the session continues."""
    with db.session() as session, session.temporary_table(PAIRS, "scratch") as pairs:
        with pytest.raises(InvalidRequestError, match=f"{taken!r} already"):
            session.make_temporary_table(PAIRS, taken)
        pairs.insert(a_name="x", b_id=1)
        assert (session.a.count(), pairs.count()) == (2, 1)


def commit(db: Any) -> None:
    with db.session() as session:
        session.make_temporary_table(PAIRS, "scratch").insert(a_name="x", b_id=1)


def leave_the_block(db: Any) -> None:
    with db.session() as session, session.temporary_table(PAIRS, "scratch"):
        pass


def roll_back(db: Any) -> None:
    with pytest.raises(ZeroDivisionError), db.session() as session:
        session.make_temporary_table(PAIRS, "scratch")
        raise ZeroDivisionError


def fail_in_the_block(db: Any) -> None:
    with pytest.raises(IntegrityError), db.session() as session, session.temporary_table(PAIRS, "scratch") as pairs:
        pairs.insert(a_name="x", b_id=1)
        pairs.insert(a_name="x", b_id=1)


def catch_in_the_session(db: Any) -> None:
    with db.session() as session:
        with pytest.raises(ZeroDivisionError), session.temporary_table(PAIRS, "scratch"):
            raise ZeroDivisionError
        assert session.a.count() == 2


def release_a_savepoint(db: Any) -> None:
    with db.session() as session:
        with session.nested():
            scratch = session.make_temporary_table(PAIRS, "scratch")
        scratch.insert(a_name="x", b_id=1)


def roll_a_savepoint_back(db: Any) -> None:
    with db.session() as session:
        with pytest.raises(ZeroDivisionError), session.nested():
            session.make_temporary_table(PAIRS, "scratch")
            raise ZeroDivisionError
        session.drop_temporary_table(session.make_temporary_table(PAIRS, "scratch"))


def roll_the_drop_back(db: Any) -> None:
    with db.session() as session:
        scratch = session.make_temporary_table(PAIRS, "scratch")
        with pytest.raises(ZeroDivisionError), session.nested():
            session.drop_temporary_table(scratch)
            raise ZeroDivisionError
        scratch.insert(a_name="x", b_id=1)


def by_hand(db: Any) -> None:
    with db.session_class(db) as session:
        for end in (session.commit, session.rollback, session.commit, session.close):
            session.make_temporary_table(PAIRS, "scratch").insert(a_name="x", b_id=1)
            end()
        session.begin_nested()
        session.make_temporary_table(PAIRS, "scratch")
        session.commit()
        with session.begin():
            session.make_temporary_table(PAIRS, "scratch")
        session.make_temporary_table(PAIRS, "scratch")


@pytest.mark.parametrize(
    "end",
    [
        commit,
        leave_the_block,
        roll_back,
        fail_in_the_block,
        catch_in_the_session,
        release_a_savepoint,
        roll_a_savepoint_back,
        roll_the_drop_back,
        by_hand,
    ],
)
def test_no_table_remains_in_the_connection(db: Any, end: Callable[[Any], None]) -> None:
    """However the block, the savepoint or the transaction ends, the pooled connection has no temporary table."""
    for _ in range(2):
        end(db)
        assert remaining_tables(db) == []


def test_no_table_remains_after_reading(db: Any, case: Any, place: str) -> None:
    """The connection of a read-only database, or of a read-only session in memory, has no temporary table either."""
    opened = db if place == "sqlite://" else case.Database(place, read_only=True)
    for _ in range(2):
        with opened.session(read_only=True) as session:
            session.make_temporary_table(PAIRS, "scratch").insert(a_name="x", b_id=1)
        assert remaining_tables(opened) == []
    opened.dispose()


def test_the_switch_disables_them(case: Any, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`allow_temporary_tables=False` makes every temporary table an error that names the option; all else works."""

    def fail(*_: object) -> None:
        raise AssertionError("rows went by way of a temporary table")

    monkeypatch.setattr(staging._Run, "_together", fail)
    with case.Database(place, allow_temporary_tables=False) as db:
        assert db.allow_temporary_tables is False
        db.create()
        with db.session() as session:
            with pytest.raises(TemporaryTablesDisabledError, match="temporary tables"):
                session.make_temporary_table(PAIRS)
            with pytest.raises(TemporaryTablesDisabledError, match="temporary tables"), session.temporary_table(PAIRS):
                pass
            assert session.b.upsert_many([{"name": f"b{number}"} for number in range(500)], "name") == 500
        with db.session(read_only=True) as session:
            with pytest.raises(TemporaryTablesDisabledError, match="temporary tables"):
                session.make_temporary_table(PAIRS)
            with pytest.raises(DBAPIError, match=r"read-only transaction|readonly database"), session.nested():
                session.a.insert(name="a")
        with pytest.raises(TemporaryTablesDisabledError), db.session_class(db) as session:
            session.make_temporary_table(PAIRS)
