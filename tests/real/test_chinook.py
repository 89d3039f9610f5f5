"""The generated API on a real database, on SQLite and Postgres: the same results as hand-written SQL."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from tests.real.conftest import Shop

ROWS = {
    "artist": 275,
    "album": 347,
    "employee": 8,
    "customer": 59,
    "genre": 25,
    "media_type": 5,
    "track": 3503,
    "playlist": 18,
    "playlist_track": 8715,
    "invoice": 412,
    "invoice_line": 2240,
}


def test_all_rows_of_all_tables(shop: Shop) -> None:
    """Every row of every table can be read, and its values have the declared classes."""
    with shop.package.Database(shop.url) as db, db.session(read_only=True) as session:
        for name, count in ROWS.items():
            table = getattr(session, name)
            rows = table.select()
            assert len(rows) == table.count() == count
            assert sum(1 for _ in table.stream(batch_size=100)) == count
            assert all(type(row) is table.row for row in rows)
        assert all(type(row.total) is Decimal for row in session.invoice.select())
        assert all(type(row.invoice_date) is dt.datetime for row in session.invoice.select())
        assert session.track.get_one(1).name == "For Those About To Rock (We Salute You)"
        assert {type(row.bytes) for row in session.track.select()} == {int}
        assert session.playlist_track.get(1, 3402) is not None


def test_rows_equal_the_database(shop: Shop) -> None:
    """Each row of a table equals the row that hand-written SQL reads."""
    with shop.package.Database(shop.url) as db, db.session(read_only=True) as session:
        rows = session.track.select(order_by=session.track.c.track_id)
    expected = shop.query(
        "SELECT track_id, name, album_id, media_type_id, genre_id, composer, milliseconds, bytes FROM track ORDER BY 1"
    )
    assert [
        (r.track_id, r.name, r.album_id, r.media_type_id, r.genre_id, r.composer, r.milliseconds, r.bytes) for r in rows
    ] == expected


class Answer(NamedTuple):
    """A name and a number."""

    name: str
    amount: Decimal | int


def best_selling_artist(p: Any, session: Any) -> list[tuple[Any, ...]]:
    statement = (
        select(p.Artist.name, func.sum(p.InvoiceLine.quantity).label("amount"))
        .join(p.Album, p.Album.artist_id == p.Artist.artist_id)
        .join(p.Track, p.Track.album_id == p.Album.album_id)
        .join(p.InvoiceLine, p.InvoiceLine.track_id == p.Track.track_id)
        .group_by(p.Artist.artist_id, p.Artist.name)
        .order_by(func.sum(p.InvoiceLine.quantity).desc(), p.Artist.name)
        .limit(3)
    )
    return [tuple(row) for row in session.rows(statement, Answer)]


def invoices_per_country(p: Any, session: Any) -> list[tuple[Any, ...]]:
    counted = Counter(row.billing_country for row in session.invoice.select())
    return sorted(counted.items())


def longest_playlist(p: Any, session: Any) -> list[tuple[Any, ...]]:
    length: dict[int, int] = defaultdict(int)
    milliseconds = {row.track_id: row.milliseconds for row in session.track.select()}
    for row in session.playlist_track.stream():
        length[row.playlist_id] += milliseconds[row.track_id]
    longest = max(length.values())
    return sorted((session.playlist.get_one(key).name, total) for key, total in length.items() if total == longest)


def reporting_tree(p: Any, session: Any) -> list[tuple[Any, ...]]:
    def reports_of(manager: Any, depth: int) -> list[tuple[Any, ...]]:
        chain = [(manager.last_name, depth)]
        for report in sorted(manager.reports, key=lambda employee: employee.employee_id):
            chain += reports_of(report, depth + 1)
        return chain

    (chief,) = session.scalars(select(p.Employee).where(p.Employee.reports_to.is_(None)))
    return sorted(reports_of(chief, 0))


def tracks_never_sold(p: Any, session: Any) -> list[tuple[Any, ...]]:
    sold = select(p.InvoiceLine.track_id)
    return [(session.track.count(p.Track.track_id.not_in(sold)),)]


def best_customers(p: Any, session: Any) -> list[tuple[Any, ...]]:
    spent: dict[int, Decimal] = defaultdict(Decimal)
    for row in session.invoice.select():
        spent[row.customer_id] += row.total
    best = sorted(spent.items(), key=lambda item: (-item[1], item[0]))[:5]
    customers = session.customer.get_many([key for key, _ in best])
    return [(row.last_name, total) for row, (_, total) in zip(customers, best, strict=True)]


def sales_per_year(p: Any, session: Any) -> list[tuple[Any, ...]]:
    total: dict[int, Decimal] = defaultdict(Decimal)
    for row in session.invoice.stream(order_by=session.invoice.c.invoice_date):
        total[row.invoice_date.year] += row.total
    return sorted(total.items())


def sales_of_one_month(p: Any, session: Any) -> list[tuple[Any, ...]]:
    c = session.invoice.c
    rows = session.invoice.select(
        c.invoice_date >= dt.datetime(2022, 3, 1), c.invoice_date < dt.datetime(2022, 4, 1), order_by=c.invoice_id
    )
    return [(row.invoice_id, row.total) for row in rows]


def longest_tracks(p: Any, session: Any) -> list[tuple[Any, ...]]:
    rows = session.track.select(order_by=[p.Track.milliseconds.desc(), p.Track.track_id], limit=5)
    return [(row.name, row.milliseconds) for row in rows]


def customers_of_representatives(p: Any, session: Any) -> list[tuple[Any, ...]]:
    return [
        (employee.last_name, len(employee.customers))
        for employee in session.scalars(select(p.Employee).order_by(p.Employee.employee_id))
        if employee.customers
    ]


def playlists_of_a_track(p: Any, session: Any) -> list[tuple[Any, ...]]:
    links = session.playlist_track.find(track_id=1)
    return sorted((row.name,) for row in session.playlist.get_many([link.playlist_id for link in links]))


def genres_by_tracks(p: Any, session: Any) -> list[tuple[Any, ...]]:
    statement = (
        select(p.Genre.name, func.count(p.Track.track_id).label("amount"))
        .join(p.Track, p.Track.genre_id == p.Genre.genre_id)
        .group_by(p.Genre.name)
        .order_by(func.count(p.Track.track_id).desc(), p.Genre.name)
    )
    return [tuple(row) for row in session.rows(statement, Answer)]


def tracks_without_composer(p: Any, session: Any) -> list[tuple[Any, ...]]:
    return [(len(session.track.find(composer=None)),)]


def dearest_invoice(p: Any, session: Any) -> list[tuple[Any, ...]]:
    row = session.invoice.first(order_by=[p.Invoice.total.desc(), p.Invoice.invoice_id])
    lines = session.invoice_line.find(invoice_id=row.invoice_id)
    assert sum(line.unit_price * line.quantity for line in lines) == row.total
    return [(row.invoice_id, row.total, len(lines))]


QUESTIONS: list[tuple[Callable[[Any, Any], list[tuple[Any, ...]]], str]] = [
    (
        best_selling_artist,
        "SELECT ar.name, sum(il.quantity) FROM artist ar JOIN album al ON al.artist_id = ar.artist_id "
        "JOIN track t ON t.album_id = al.album_id JOIN invoice_line il ON il.track_id = t.track_id "
        "GROUP BY ar.artist_id, ar.name ORDER BY 2 DESC, 1 LIMIT 3",
    ),
    (invoices_per_country, "SELECT billing_country, count(*) FROM invoice GROUP BY 1 ORDER BY 1"),
    (
        longest_playlist,
        "SELECT p.name, sum(t.milliseconds) FROM playlist p JOIN playlist_track pt ON pt.playlist_id = p.playlist_id "
        "JOIN track t ON t.track_id = pt.track_id GROUP BY p.playlist_id, p.name HAVING sum(t.milliseconds) = "
        "(SELECT max(s) FROM (SELECT sum(t.milliseconds) AS s FROM playlist_track pt "
        "JOIN track t ON t.track_id = pt.track_id GROUP BY pt.playlist_id) AS sums) ORDER BY 1",
    ),
    (
        reporting_tree,
        "WITH RECURSIVE tree (id, last, depth) AS (SELECT employee_id, last_name, 0 FROM employee "
        "WHERE reports_to IS NULL UNION ALL SELECT e.employee_id, e.last_name, depth + 1 FROM employee e "
        "JOIN tree ON e.reports_to = tree.id) SELECT last, depth FROM tree ORDER BY 1, 2",
    ),
    (tracks_never_sold, "SELECT count(*) FROM track WHERE track_id NOT IN (SELECT track_id FROM invoice_line)"),
    (
        best_customers,
        "SELECT c.last_name, sum(i.total) FROM customer c JOIN invoice i ON i.customer_id = c.customer_id "
        "GROUP BY c.customer_id, c.last_name ORDER BY 2 DESC, c.customer_id LIMIT 5",
    ),
    (sales_per_year, "SELECT YEAR(invoice_date), sum(total) FROM invoice GROUP BY 1 ORDER BY 1"),
    (
        sales_of_one_month,
        "SELECT invoice_id, total FROM invoice WHERE invoice_date >= '2022-03-01 00:00:00' "
        "AND invoice_date < '2022-04-01 00:00:00' ORDER BY 1",
    ),
    (longest_tracks, "SELECT name, milliseconds FROM track ORDER BY milliseconds DESC, track_id LIMIT 5"),
    (
        customers_of_representatives,
        "SELECT e.last_name, count(*) FROM employee e JOIN customer c ON c.support_rep_id = e.employee_id "
        "GROUP BY e.employee_id, e.last_name ORDER BY e.employee_id",
    ),
    (
        playlists_of_a_track,
        "SELECT p.name FROM playlist p JOIN playlist_track pt ON pt.playlist_id = p.playlist_id "
        "WHERE pt.track_id = 1 ORDER BY 1",
    ),
    (
        genres_by_tracks,
        "SELECT g.name, count(*) FROM genre g JOIN track t ON t.genre_id = g.genre_id "
        "GROUP BY g.name ORDER BY 2 DESC, 1",
    ),
    (tracks_without_composer, "SELECT count(*) FROM track WHERE composer IS NULL"),
    (
        dearest_invoice,
        "SELECT i.invoice_id, i.total, count(*) FROM invoice i JOIN invoice_line l ON l.invoice_id = i.invoice_id "
        "GROUP BY i.invoice_id, i.total ORDER BY i.total DESC, i.invoice_id LIMIT 1",
    ),
]


@pytest.mark.parametrize(("question", "sql"), QUESTIONS, ids=lambda item: getattr(item, "__name__", "sql"))
def test_questions(question: Callable[[Any, Any], list[tuple[Any, ...]]], sql: str, shop: Shop) -> None:
    """A query by the generated API has the result of hand-written SQL."""
    year = "CAST(strftime('%Y', \\1) AS INTEGER)" if shop.url.startswith("sqlite") else "extract(year FROM \\1)::int"
    expected = shop.query(_with_year(sql, year))
    with shop.package.Database(shop.url) as db, db.session(read_only=True) as session:
        answered = question(shop.package, session)
    assert expected
    assert [tuple(map(_comparable, row)) for row in answered] == [tuple(map(_comparable, row)) for row in expected]


def _with_year(sql: str, spelling: str) -> str:
    return sql.replace("YEAR(invoice_date)", spelling.replace("\\1", "invoice_date"))


def _comparable(value: object) -> object:
    # SQLite sums decimals as floats.
    return Decimal(value).quantize(Decimal("0.01")) if isinstance(value, float | Decimal) else value


def test_writing_and_reading_back(shop: Shop) -> None:
    """Rows and entities are written to the real database, and hand-written SQL reads them."""
    p = shop.package
    with p.Database(shop.url) as db:
        with db.session() as session:
            artist = session.artist.insert(artist_id=1000, name="The Schema Firsts")
            album = p.Album(album_id=1000, title="Typed Rows", artist_id=artist.artist_id)
            session.add(album)
            session.track.insert_many(
                {
                    "track_id": 10_000 + number,
                    "name": f"Song {number}",
                    "album_id": 1000,
                    "media_type_id": 1,
                    "milliseconds": 1000 * number,
                    "unit_price": Decimal("0.99"),
                }
                for number in range(500)
            )
            session.track.update(10_003, name="Song three", composer="é'%")
            assert session.track.delete_where(p.Track.track_id >= 10_400) == 100
            session.invoice.update(1, invoice_date=dt.datetime(2024, 2, 29, 1, 2, 3))
        with db.session() as session:
            assert session.get_one(p.Album, 1000).artist.name == "The Schema Firsts"
            assert len(session.get_one(p.Album, 1000).tracks) == 400
    assert shop.query("SELECT name, composer, unit_price FROM track WHERE track_id = 10003") in (
        [("Song three", "é'%", Decimal("0.99"))],
        [("Song three", "é'%", 0.99)],
    )
    assert shop.query("SELECT count(*) FROM track WHERE album_id = 1000") == [(400,)]
    (moment,) = shop.query("SELECT invoice_date FROM invoice WHERE invoice_id = 1")[0]
    assert str(moment) == "2024-02-29 01:02:03"


def test_the_real_postgres_matches_the_spec(postgresql_shop: Shop) -> None:
    """Alembic finds no difference between the spec and a Postgres database that another tool created."""
    shop = postgresql_shop
    with shop.package.Database(shop.url) as db, db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), shop.package.metadata)
    assert differences == []
