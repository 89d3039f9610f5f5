"""Upsert, ensure and replace of many rows by way of a temporary table: the same result as row by row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InternalError, OperationalError

import bookstore
from bookstore import Book
from tablewright.runtime.bulk import postgres_copy, staging
from tablewright.schema import types
from tablewright.schema.tables import check, column, primary_key, unique
from tests.runtime import sample
from tests.runtime.books import author_id, book
from tests.runtime.untyped_table import accessor, untyped_table


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of rows that each COPY wrote into a temporary table."""
    counts: list[int] = []
    write = postgres_copy.write

    def noting(connection: Any, table: str, *rest: Any) -> int:
        count = write(connection, table, *rest)
        if staging.STAGE in table:
            counts.append(count)
        return count

    monkeypatch.setattr(postgres_copy, "write", noting)
    return counts


@pytest.fixture
def postgres_shop(postgres_url: str) -> Iterator[bookstore.Database]:
    """The bookstore's tables on Postgres."""
    with bookstore.Database(postgres_url) as database:
        database.create()
        yield database


def gone(session: bookstore.Session) -> bool:
    """Return True if no temporary table is left."""
    return session.execute(text(f"SELECT to_regclass('pg_temp.{staging.STAGE}')")).scalar_one() is None


def things() -> Any:
    """A table with two unique keys, a check, a default and a column set by every update."""
    return untyped_table(
        {
            "id": column(types.BigInteger(), autoincrement=True),
            "code": column(types.String(10)),
            "other": column(types.Integer(), nullable=True),
            "size": column(types.Integer(), default=1),
            "touched": column(types.Integer(), default=0, touch="7"),
        },
        primary_key("id"),
        unique("code"),
        unique("other"),
        check("size >= 0", name="size_positive"),
    )


def one_by_one(loose: Any, rows: list[dict[str, Any]], verb: str) -> int:
    """The expected result of the verb: every row in its own call, with the count."""
    if verb == "ensure":
        return sum(loose.ensure([row]) for row in rows)
    for row in rows:
        if verb == "replace":
            loose.replace([row])
        else:
            loose._upsert("code", row)
    return len(rows)


@pytest.mark.parametrize("verb", ["upsert", "ensure", "replace"])
@pytest.mark.parametrize("keys", [100, 2000, 100_000])
def test_many_rows_are_one_after_the_other(url: str, verb: str, keys: int, staged: list[int]) -> None:
    """Rows with many keys or few, and runs of different columns, have the result and the count of single calls."""
    table = things()
    draw = random.Random(keys)
    rows: list[dict[str, Any]] = []
    for n in range(2500):
        row: dict[str, Any] = {"code": f"c{draw.randrange(keys)}", "size": n}
        if verb == "replace":
            row = {"id": draw.randrange(1, keys), "code": f"c{n}", "size": n}
        elif verb == "ensure" and n // 500 % 2:
            row["other"] = draw.randrange(keys)
        elif verb == "upsert" and n // 400 % 2:
            row["id"] = -n
        if n // 600 % 2:
            del row["size"]
        rows.append(row)
    contents: list[Any] = []
    counts: list[int] = []
    for together in (True, False):
        with sample.Database(url, check_versions=False) as database, database.session() as session:
            table.metadata.drop_all(session.connection())
            table.metadata.create_all(session.connection())
            loose = accessor(session, table)
            loose.insert_many(
                [{"code": f"c{n}", "size": 5, "other": -n} for n in range(0, 3000, 3) if verb != "replace"]
            )
            if together:
                verbs = {"ensure": loose.ensure, "replace": loose.replace}
                counts.append(verbs[verb](rows) if verb in verbs else loose._upsert_many(rows, "code"))
            else:
                counts.append(one_by_one(loose, rows, verb))
            contents.append(
                session.execute(text("SELECT code, other, size, touched, id < 0 FROM loose ORDER BY code")).all()
            )
    assert counts[0] == counts[1]
    assert contents[0] == contents[1]
    assert bool(staged) == (url.startswith("postgresql") and (verb == "ensure" or keys == 100_000))


def test_the_last_of_several_with_one_key_stays(shop: bookstore.Database, staged: list[int]) -> None:
    """Rows of one key far apart are each written, in order."""
    with shop.session() as session:
        author = author_id(session)
        rows = [book(author, n, title="first") for n in range(500)]
        rows += [book(author, n, title="second") for n in range(250, 750)]
        rows += [book(author, 3, title="third")]
        assert session.book.upsert_many(rows, "isbn") == 1001
        titles = {row.isbn: row.title for row in session.book.select()}
        assert [titles[f"isbn {n}"] for n in (0, 3, 249, 250, 749)] == ["first", "third", "first", "second", "second"]
    assert staged == ([] if shop.engine.dialect.name == "sqlite" else [500, 501])


BROKEN: list[tuple[dict[str, Any], type[DBAPIError], str]] = [
    ({"size": -1}, IntegrityError, "row 600"),
    ({"other": 5}, IntegrityError, "row 600, column other"),
    ({"code": None}, IntegrityError, "row 600, column code"),
    ({"size": 2**31}, DataError, "row 600, column size"),
]


@pytest.mark.parametrize(("broken", "error", "message"), BROKEN)
def test_the_row_that_is_refused_is_named(
    url: str, broken: dict[str, Any], error: type[DBAPIError], message: str
) -> None:
    """A row in the middle that violates a constraint is named, also if a later row with its key would be valid."""
    table = things()
    with sample.Database(url, check_versions=False) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        loose = accessor(session, table)
        rows: list[dict[str, Any]] = [{"code": str(n), "size": n, "other": n} for n in range(1000)]
        rows[599] |= broken
        rows.append({"code": "599", "size": 1, "other": -1})
        with pytest.raises(error, match=message):
            loose._upsert_many(rows, "code")
        if broken != {"other": 5}:
            with pytest.raises(error, match=message):
                loose.ensure(rows)
        assert loose.count() == 0
        assert loose._upsert_many(rows[:500], "code") == 500


def test_keys_that_only_postgres_takes_for_equal(postgres_url: str, staged: list[int]) -> None:
    """Two values that differ in Python and are equal keys in the database: the later row wins."""
    table = untyped_table(
        {
            "id": column(types.Text().with_ddl(postgresql="char(6)")),
            "n": column(types.Integer()),
        },
        primary_key("id"),
    )
    with sample.Database(postgres_url, check_versions=False) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        loose = accessor(session, table)
        rows = [{"id": str(n), "n": n} for n in range(300)] + [{"id": "7 ", "n": -1}]
        assert loose._upsert_many(rows, "primary_key") == 301
        assert loose.ensure([{"id": f"{n} ", "n": 0} for n in range(400)]) == 100
        assert (loose.get_one("7").n, loose.count()) == (-1, 400)
    assert staged == [301, 400]


def test_lists_as_keys(url: str) -> None:
    """A key that cannot be hashed works as others do."""
    table = untyped_table(
        {"id": column(types.ArrayOf(types.Integer())), "n": column(types.Integer())}, primary_key("id")
    )
    with sample.Database(url, check_versions=False) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        loose = accessor(session, table)
        rows = [{"id": [n % 400, 0], "n": n} for n in range(600)]
        assert loose._upsert_many(rows, "primary_key") == 600
        assert sorted(row.n for row in loose.select()) == list(range(200, 600))


def test_where_rows_would_see_one_another(postgres_shop: bookstore.Database, staged: list[int]) -> None:
    """Tables with triggers are written with one statement per row."""
    with postgres_shop.session() as session:
        session.execute(text("CREATE TABLE seen (name text)"))
        session.execute(
            text(
                "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
                "$$BEGIN INSERT INTO seen SELECT count(*) FROM author; RETURN NULL; END$$"
            )
        )
        session.execute(text("CREATE TRIGGER t AFTER INSERT ON author FOR EACH STATEMENT EXECUTE FUNCTION note()"))
        assert session.author.upsert_many([{"id": n, "name": str(n)} for n in range(300)]) == 300
        assert session.execute(text("SELECT max(CAST(name AS integer)), count(*) FROM seen")).one() == (300, 300)
        session.execute(text("DROP TRIGGER t ON author"))
        assert session.author.upsert_many([{"id": n, "name": str(n)} for n in range(300)]) == 300
    assert staged == [300]


def test_rows_that_refer_to_one_another(store: sample.Database, staged: list[int]) -> None:
    """A row that references a later one is refused, in few rows or many; one that references an earlier one is not."""
    with store.session() as session:
        rows = [{"id": n, "up_id": n - 1 if n else None, "name": ""} for n in range(500)]
        assert session.node._upsert_many(rows, "primary_key") == 500
        session.node.delete(0)
        assert session.node.count() == 0
        with pytest.raises(IntegrityError, match="row 1"):
            session.node._upsert_many([{"id": n, "up_id": n + 1} for n in range(300)], "primary_key")
    assert staged == []


def test_the_temporary_table_leaves_nothing_behind(postgres_shop: bookstore.Database, staged: list[int]) -> None:
    """It is dropped after each call, after an error and after many chunks of one call."""
    with postgres_shop.session() as session:
        author = author_id(session)
        session.book.upsert_many([book(author, n) for n in range(300)], "isbn")
        assert gone(session)
        with pytest.raises(IntegrityError, match="row 250"):
            session.book.upsert_many([book(author, n, "-1" if n == 249 else "1") for n in range(300)], "isbn")
        assert gone(session)
        assert session.author.upsert_many({"id": n, "name": "x"} for n in range(2, 20_503)) == 20_501
        assert gone(session)
        assert session.author.count() == 20_502
    assert staged == [300, 300, 10_000, 10_000, 501]


def test_an_iterable_that_breaks_off(postgres_shop: bookstore.Database) -> None:
    """An error of the iterable during COPY is raised unchanged, and nothing is stored."""

    def rows() -> Iterator[bookstore.AuthorInsert]:
        for n in range(700):
            yield {"id": n, "name": str(n)}
        raise LookupError("out of rows")

    with postgres_shop.session() as session:
        with pytest.raises(LookupError, match="out of rows"):
            session.author.upsert_many(rows())
        assert (session.author.count(), gone(session)) == (0, True)


def test_in_a_namespace(postgres_url: str, staged: list[int]) -> None:
    """Rows go into the table of the namespace."""
    with bookstore.Database(postgres_url) as database:
        database.create()
    with bookstore.Database(postgres_url, namespace="branch") as database:
        database.create()
        with database.session() as session:
            assert session.author.replace([{"id": n, "name": str(n)} for n in range(300)]) == 300
            assert session.execute(text("SELECT count(*) FROM branch.author")).scalar_one() == 300
            assert session.execute(text("SELECT count(*) FROM public.author")).scalar_one() == 0
    assert staged == [300]


def test_without_leave_to_make_temporary_tables(postgres_shop: bookstore.Database, staged: list[int]) -> None:
    """A role without the privilege of temporary tables can upsert; one with it needs no further privilege."""
    with postgres_shop.session() as session:
        name = session.execute(text("SELECT current_database()")).scalar_one()
        role = f"clerk_{uuid4().hex[:8]}"
        session.execute(text(f"CREATE ROLE {role}"))
        session.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
        session.execute(text(f"GRANT ALL ON author TO {role}"))
        rows: list[bookstore.AuthorInsert] = [{"id": n, "name": str(n)} for n in range(300)]
        session.execute(text(f"SET LOCAL ROLE {role}"))
        assert session.author.upsert_many(rows) == 300
        session.execute(text("RESET ROLE"))
        session.execute(text(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC'))
        session.execute(text(f"SET LOCAL ROLE {role}"))
        assert session.author.upsert_many(rows) == 300
        session.execute(text("RESET ROLE"))
        session.execute(text(f'GRANT TEMPORARY ON DATABASE "{name}" TO PUBLIC'))
        session.execute(text(f"DROP OWNED BY {role}"))
        session.execute(text(f"DROP ROLE {role}"))
    assert staged == [300]


def test_where_the_database_refuses_new_tables(postgres_shop: bookstore.Database, staged: list[int]) -> None:
    """An event trigger that forbids creating tables does not affect upserts."""
    with postgres_shop.session() as session:
        session.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS "
                "$$BEGIN RAISE EXCEPTION 'no tables'; END$$"
            )
        )
        tags = "TAG IN ('CREATE TABLE')"
        session.execute(text(f"CREATE EVENT TRIGGER frozen ON ddl_command_start WHEN {tags} EXECUTE FUNCTION refuse()"))
        assert session.author.upsert_many([{"id": n, "name": str(n)} for n in range(700)]) == 700
        assert session.author.count() == 700
        session.execute(text("DROP EVENT TRIGGER frozen"))
    assert staged == []


def test_a_read_only_session_refuses(shop: bookstore.Database, staged: list[int]) -> None:
    """Many rows are refused as one row is."""
    rows: list[bookstore.AuthorInsert] = [{"id": n, "name": str(n)} for n in range(300)]
    refused = pytest.raises((InternalError, OperationalError), match=r"INSERT|readonly")
    with shop.session(read_only=True) as session, refused:
        session.author.upsert_many(rows)
    assert staged == []


def test_listeners_see_each_row(shop: bookstore.Database, staged: list[int]) -> None:
    """With listeners, statements are the same as for few rows, with the values of each."""
    seen: list[Any] = []
    event.listen(shop.engine, "before_cursor_execute", lambda c, cursor, sql, p, context, many: seen.append((sql, p)))
    with shop.session() as session:
        author = author_id(session)
        assert session.book.ensure([book(author, n) for n in range(300)]) == 300
        assert session.book.ensure([book(author, n) for n in range(301)]) == 1
    assert sum(len(values) for sql, values in seen if "ON CONFLICT DO NOTHING" in sql) == 601
    assert staged == []


def test_entities_of_many_rows(postgres_shop: bookstore.Database, staged: list[int]) -> None:
    """Loaded entities have the new values, and the old ones after a rollback."""
    with postgres_shop.session() as session:
        author = author_id(session)
        row = session.book.insert(**book(author, 1))
        entity = session.get_one(Book, row.id)
        session.add(bookstore.Author(name="pending"))
        with session.savepoint("before") as savepoint:
            session.book.upsert_many([book(author, n, title="new", stock=n) for n in range(300)], "isbn")
            assert (entity.title, entity.stock) == ("new", 1)
            assert session.author.count() == 2
            savepoint.rollback()
        assert (entity.title, entity.price) == ("Title 1", Decimal("9.99"))
    assert staged == [300]


def test_insert_many_returning_over_several_batches(store: sample.Database) -> None:
    """Thousands of rows are returned in the order given; a refused one is named, whatever its batch."""
    with store.session() as session:
        names = [f"n{n}" for n in range(2500)]
        random.Random(2).shuffle(names)
        rows = session.thing.insert_many_returning({"name": name, "rank": n} for n, name in enumerate(names))
        assert [(row.name, row.doubled) for row in rows] == [(name, 2 * n) for n, name in enumerate(names)]
        with pytest.raises(IntegrityError, match="row 2201, column name"):
            session.thing.insert_many_returning({"name": f"m{n}" if n != 2200 else "n7"} for n in range(2500))
        assert session.thing.count() == 2500
