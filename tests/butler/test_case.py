"""What the cases stand on."""

from __future__ import annotations

from typing import Any


def test_the_tables_of_the_cases_hold_rows(case: Any, place: str) -> None:
    """A deleted `b` leaves its `c` without it; a deleted `c` takes its `d` along."""
    with case.Database(place) as db:
        db.create()
        with db.session() as session:
            session.a.insert(name="a1", region=b"\x00\x01")
            b = session.b.insert(name="b1")
            c = session.c.insert(b_id=b.id)
            session.d.insert(c_id=c.id, a_name="a1")
            session.b.delete(b.id)
            assert session.c.get_one(c.id).b_id is None
            session.c.delete(c.id)
            assert session.d.count() == 0
