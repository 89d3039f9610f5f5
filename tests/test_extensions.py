"""Generated packages with types and operators of Postgres extensions, and their equivalents on SQLite."""

from __future__ import annotations

import datetime as dt
import importlib
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError

from tablewright.pipeline import generate
from tablewright.schema.range import Range
from tablewright.settings import Settings

SPEC = """
schema: extended
version: 1.0.0
types:
  email: {type: string, length: 320, sql: {postgresql: citext, sqlite: TEXT COLLATE NOCASE}}
tables:
  reader:
    columns:
      email: {type: email, primary_key: true}
      name: {type: text}
      visits: {type: integer, default: 0}
  account:
    columns:
      id: {type: bigint, primary_key: true, autoincrement: true}
      email: {type: email, unique: true}
      owner: {type: email, references: reader.email, on_delete: cascade, nullable: true}
      name: {type: text, nullable: true}
  visit:
    primary_key: [email, number]
    columns:
      email: {type: email}
      number: {type: integer}
      note: {type: text, nullable: true}
  stay:
    columns:
      id: {type: bigint, primary_key: true, autoincrement: true}
      room: {type: integer}
      days: {type: range, of: date}
    exclusions:
      - {elements: [[room, "="], [days, "&&"]]}
"""
MANY = 600
"""Enough rows for Postgres to receive them by COPY."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package, generated and imported."""
    root = tmp_path_factory.mktemp("extended")
    (root / "specs" / "extended").mkdir(parents=True)
    (root / "specs" / "extended" / "schema.yaml").write_text(SPEC)
    outcome = generate(Settings(root=root, specs=root / "specs", output=root / "out"), typecheck=False)
    assert outcome.clean, outcome
    sys.path.insert(0, str(root / "out"))
    yield importlib.import_module("extended")
    sys.path.remove(str(root / "out"))


@pytest.fixture
def database(package: Any, url: str) -> Iterator[Any]:
    """A database with the extensions and the tables."""
    if "postgresql" in url:
        engine = create_engine(url)
        with engine.begin() as connection:
            for name in ("citext", "btree_gist"):
                connection.execute(text(f"CREATE EXTENSION {name}"))
        engine.dispose()
    with package.Database(url) as database:
        database.create()
        yield database


@pytest.fixture
def session(database: Any) -> Iterator[Any]:
    with database.session() as session:
        yield session


def address(number: int, *, upper: bool = False) -> str:
    """Return the address of a reader."""
    email = f"Reader-{number}@Example.org"
    return email.upper() if upper else email


def test_the_database_is_as_declared(database: Any) -> None:
    """`check` finds no difference in tables that use the types and operators of an extension."""
    assert database.check() == []


def test_a_key_ignores_case(session: Any) -> None:
    """A row is read, updated and deleted by its key in any case, and the stored key does not change."""
    row = session.reader.insert(email="Vera@Example.org", name="Vera")
    assert session.reader.get("vera@example.ORG") == row
    assert session.reader.find(email=["VERA@example.org", "absent@example.org"]) == [row]
    assert session.reader.update("VERA@EXAMPLE.ORG", visits=2).email == "Vera@Example.org"
    with pytest.raises(IntegrityError), session.nested():
        session.reader.insert(email="VERA@example.org", name="Other")
    assert session.reader.delete("vera@example.org")
    assert session.reader.count() == 0


def test_a_unique_key_ignores_case(session: Any) -> None:
    """A unique column finds a row in any case, and a foreign key may differ in case from the key it references."""
    session.reader.insert(email="Vera@Example.org", name="Vera")
    row = session.account.insert(email="Vera@Work.org", owner="VERA@EXAMPLE.ORG")
    assert session.account.get_by_email("vera@work.ORG") == row
    with pytest.raises(IntegrityError), session.nested():
        session.account.insert(email="VERA@WORK.ORG")
    with pytest.raises(IntegrityError), session.nested():
        session.account.insert(email="x@work.org", owner="absent@example.org")
    assert len(session.account.find(owner="vera@example.org")) == 1
    assert session.reader.delete("VERA@example.org")
    assert session.account.count() == 0


def test_upserts_ignore_case(session: Any) -> None:
    """An upsert updates or skips an existing row whose key differs in case, and never inserts it twice."""
    session.reader.insert(email="Vera@Example.org", name="Vera")
    assert session.reader.upsert(email="VERA@EXAMPLE.ORG", name="Vera R.").name == "Vera R."
    assert session.reader.ensure([{"email": "vera@example.org", "name": "Other"}]) == 0
    result = session.reader.sync({"email": "vera@EXAMPLE.org", "name": "Vera C."}, keys=["email"], update=True)
    assert (result.row.name, result.inserted) == ("Vera C.", False)
    assert session.reader.count() == 1


@pytest.mark.parametrize("count", [5, MANY])
def test_many_upserts_ignore_case(session: Any, count: int) -> None:
    """If keys differ only in case, an upsert of any number of rows stores the last of them."""
    session.reader.insert_many({"email": address(n), "name": f"first {n}"} for n in range(count))
    rows = [{"email": address(n, upper=True), "name": f"second {n}"} for n in range(count)]
    rows += [{"email": address(n).lower(), "name": f"third {n}"} for n in range(0, count, 2)]
    session.reader.upsert_many(rows)
    assert session.reader.count() == count
    for n in range(count):
        assert session.reader.get(address(n)).name == (f"second {n}" if n % 2 else f"third {n}")
    assert session.reader.ensure([row | {"name": "fourth"} for row in rows]) == 0


@pytest.mark.parametrize("count", [5, MANY])
def test_many_updates_ignore_case(session: Any, count: int) -> None:
    """If keys differ only in case, updates are applied in order, and the last one is stored."""
    session.reader.insert_many({"email": address(n), "name": "x"} for n in range(count))
    changes: list[Any] = [(address(n, upper=bool(n % 2)), {"visits": n}) for n in range(count)]
    changes += [(address(n, upper=not n % 2), {"visits": -n}) for n in range(count)]
    Random(1).shuffle(changes)
    last: dict[str, int] = {key.lower(): values["visits"] for key, values in changes}
    assert session.reader.update_many(changes) == 2 * count
    assert {row.email.lower(): row.visits for row in session.reader.select()} == last


def test_many_reads_and_deletes_ignore_case(session: Any) -> None:
    """Lists of keys find and delete rows in any case, whatever their length."""
    session.reader.insert_many({"email": address(n), "name": "x"} for n in range(MANY))
    keys = [address(n, upper=True) for n in range(0, MANY, 2)]
    assert len(session.reader.find(email=keys)) == MANY // 2
    assert session.reader.delete_many(keys) == MANY // 2
    assert session.reader.find(email=keys) == []
    assert session.reader.count() == MANY // 2


@pytest.mark.parametrize("count", [5, MANY])
def test_a_composite_key_ignores_case(session: Any, count: int) -> None:
    """Composite keys with a column that ignores case read, update and delete rows."""
    session.visit.insert_many({"email": address(n), "number": n} for n in range(count))
    keys = [(address(n, upper=True), n) for n in range(count)]
    assert session.visit.get(*keys[1]).email == address(1)
    assert session.visit.update_many((key, {"note": f"note {key[1]}"}) for key in keys) == count
    assert session.visit.upsert_many({"email": email, "number": n, "note": "again"} for email, n in keys) == count
    assert session.visit.delete_many(keys[1:]) == count - 1
    assert [(row.email, row.note) for row in session.visit.select()] == [(address(0), "again")]


def test_an_entity_is_refreshed_in_any_case(session: Any) -> None:
    """A write by a key in another case refreshes the entity that is already loaded."""
    reader = type(session).package.load("Reader")
    session.reader.insert(email="Vera@Example.org", name="Vera")
    entity = session.scalars(select(reader)).one()
    session.reader.update("VERA@EXAMPLE.ORG", name="Vera R.")
    assert entity.name == "Vera R."
    entity.name = "Vera C."
    assert session.reader.get("vera@example.org").name == "Vera C."


def test_pages_ignore_case(session: Any) -> None:
    """Pages ordered by the key contain each row once."""
    session.reader.insert_many({"email": address(n, upper=bool(n % 2)), "name": "x"} for n in range(25))
    page, seen = session.reader.page(limit=7), []
    while True:
        seen += [row.email for row in page.rows]
        if page.next is None:
            break
        page = session.reader.page(limit=7, after=page.next)
    assert len(seen) == 25
    assert [email.lower() for email in seen] == sorted(email.lower() for email in seen)


def test_an_exclusion_constraint_compares_scalars(session: Any) -> None:
    """Stays may overlap in different rooms, but not in the same room."""
    week = Range(dt.date(2026, 3, 2), dt.date(2026, 3, 9))
    session.stay.insert_many([{"room": room, "days": week} for room in (1, 2)])
    day = Range(dt.date(2026, 3, 8), dt.date(2026, 3, 9))
    with pytest.raises(IntegrityError, match="stay_room_days_excl"), session.nested():
        session.stay.insert(room=1, days=day)
    assert session.stay.insert(room=3, days=day).room == 3
    with pytest.raises(IntegrityError, match="stay_room_days_excl"), session.nested():
        session.stay.insert_many([{"room": room, "days": day} for room in (4, 2)])
    assert session.stay.count() == 3
