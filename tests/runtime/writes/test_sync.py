"""`sync`: one row inserted, compared or corrected."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError

from tablewright.runtime.errors import SyncConflictError, UnknownColumnError
from tests.runtime import sample


def test_sync(store: sample.Database) -> None:
    """A row is inserted, found, compared, and updated on request; the result has old values and new row."""
    with store.session() as session:
        first = session.thing.sync({"name": "a", "rank": 1, "weight": 0.1}, keys=["name"])
        assert (first.inserted, first.changed, first.row.rank) == (True, {}, 1)
        again = session.thing.sync({"name": "a", "rank": 1, "weight": 0.1}, keys=["name"])
        assert (again.inserted, again.changed, again.row) == (False, {}, first.row)
        with pytest.raises(SyncConflictError, match="rank is 1, not 2"):
            session.thing.sync({"name": "a", "rank": 2}, keys=["name"])
        fixed = session.thing.sync({"name": "a", "rank": 2, "price": Decimal("1")}, keys=["name"], update=True)
        assert (fixed.inserted, fixed.changed, fixed.row.rank) == (False, {"rank": 1}, 2)
        assert session.thing.get(first.row.id) == fixed.row


def test_sync_by_keys_that_name_no_single_row(store: sample.Database) -> None:
    """Several matches are an error, NULL keys match, and a conflict with another key is reported."""
    with store.session() as session:
        assert session.note.sync({"rank": None, "text": "x"}, keys=["rank"]).inserted
        assert not session.note.sync({"rank": None, "text": "x"}, keys=["rank"]).inserted
        session.note.insert(text="x", rank=1)
        with pytest.raises(InvalidRequestError, match="not a unique key"):
            session.note.sync({"text": "x"}, keys=["text"])
        session.thing.insert(name="taken", rank=1)
        with pytest.raises(IntegrityError):
            session.thing.sync({"name": "taken", "rank": 5}, keys=["rank"])
        with pytest.raises(InvalidRequestError, match="needs the columns"):
            session.thing.sync({"name": "taken"}, keys=[])
        with pytest.raises(InvalidRequestError, match="needs a value of the key column 'rank'"):
            session.thing.sync({"name": "taken"}, keys=["rank"])
        with pytest.raises(UnknownColumnError):
            session.thing.sync({"name": "taken"}, keys=["nam"])
