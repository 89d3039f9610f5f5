"""An application's own types: codecs, SQL types and typed JSON; and tables without a key."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import exc
from sqlalchemy.exc import InvalidRequestError

from tablewright.pipeline import generate
from tablewright.settings import Settings

TYPES = """
from dataclasses import dataclass

from msgspec import Struct


@dataclass(frozen=True)
class Tai:
    nanoseconds: int


class TaiNanoseconds:
    def encode(self, value: Tai) -> int:
        return value.nanoseconds

    def decode(self, stored: int) -> Tai:
        return Tai(stored)


class Address(Struct):
    street: str
    number: int = 1
"""
SPEC = """
schema: own_types
version: 1.0.0
types:
  email: {type: string, length: 320, sql: {postgresql: "varchar(320)", sqlite: TEXT COLLATE NOCASE}}
  tai: {type: bigint, codec: "tai_types:TaiNanoseconds", python: "tai_types:Tai"}
tables:
  log:
    columns:
      message: {type: text}
      at: {type: tai}
  visit:
    columns:
      id: {type: bigint, primary_key: true, autoincrement: true}
      at: {type: tai, unique: true}
      mail: {type: email, unique: true}
      home: {type: json, python: "tai_types:Address", default: {street: Elm}}
      before: {type: json, python: "list[tai_types:Address]", nullable: true}
      class: {type: array, of: text, default: [], deprecated: Use mail.}
      note: {type: json, nullable: true, meta: {unit: none}}
    unique: [{columns: [mail], where: "at > 5", name: late}]
"""


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return the application's module, next to the package that is generated and type-checked for it."""
    root = tmp_path_factory.mktemp("own")
    (root / "tai_types.py").write_text(TYPES)
    (root / "specs" / "own_types").mkdir(parents=True)
    (root / "specs" / "own_types" / "schema.yaml").write_text(SPEC)
    outcome = generate(Settings(root=root, specs=root / "specs", output=root / "out"))
    assert outcome.clean, outcome
    sys.path[:0] = [str(root), str(root / "out")]
    yield importlib.import_module("tai_types")
    sys.path.remove(str(root))
    sys.path.remove(str(root / "out"))


@pytest.fixture
def session(types: Any, url: str) -> Iterator[Any]:
    package = importlib.import_module("own_types")
    with package.Database(url) as db:
        db.create()
        with db.session() as session:
            yield session


def test_values_of_own_types(types: Any, session: Any) -> None:
    """Values of codecs, SQL types and typed JSON are written, found and read by both tiers."""
    before = [types.Address("Oak", 2)]
    row = session.visit.insert(at=types.Tai(5), mail="a@x", before=before, class_=["x"], note={"a": [1]})
    assert (row.at, row.home, row.note) == (types.Tai(5), types.Address("Elm", 1), {"a": [1]})
    assert session.visit.get_by_at(types.Tai(5)) == row
    assert session.visit.find(at=types.Tai(5), home=types.Address("Elm")) == [row]
    entity = session.get(type(session).package.load("Visit"), row.id)
    assert (entity.at, entity.before, entity.class_) == (row.at, before, ["x"])
    result = session.visit.get_by_mail("A@X")
    assert (result == row) is (session.bind.dialect.name == "sqlite")  # its type ignores case there
    assert msgspec.json.decode(msgspec.json.encode(row))["class"] == ["x"]
    assert type(row).__annotations__.keys() >= {"class_"}


def test_invalid_values_of_own_types(types: Any, session: Any) -> None:
    """An invalid value of a codec or a JSON type is refused like any other invalid value."""
    for values in ({"at": "noon"}, {"home": {"street": 5}}, {"before": [{"number": 1}]}):
        with pytest.raises(exc.DataError, match="is not a"):
            session.visit.insert(**{"at": types.Tai(1), "mail": "b@x"} | values)
    assert session.visit.count() == 0


def test_a_stored_invalid_value_names_its_path(types: Any, session: Any) -> None:
    """Stored JSON of another structure is an error that names the path of the invalid value."""
    row = session.visit.insert(at=types.Tai(1), mail="c@x")
    session.connection().exec_driver_sql("""UPDATE visit SET home = '{"street": 5}'""")
    with pytest.raises(msgspec.ValidationError, match=r"\$\.street"):
        session.visit.get(row.id)


def test_a_table_without_a_key(types: Any, session: Any) -> None:
    """A table without a key has rows, but no verbs by key, no pages and no entity."""
    session.log.insert(message="first", at=types.Tai(1))
    assert session.log.insert_many([{"message": "second", "at": types.Tai(2)}]) == 1
    assert [row.message for row in session.log.select(order_by=session.log.c.at)] == ["first", "second"]
    assert not hasattr(session.log, "get")
    with pytest.raises(InvalidRequestError):
        session.log.page()
    with pytest.raises(AttributeError, match="no primary key"):
        type(session).package.load("Log")
