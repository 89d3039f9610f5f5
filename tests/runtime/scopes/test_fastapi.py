"""A FastAPI application on a generated package: 50 requests at once, each in its own transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import httpx
import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI, HTTPException, Request

from bookstore import Author, AuthorRow, BookRow, Database, Session

REQUESTS = 50


def opened(request: Request) -> Iterator[Session]:
    """The session of a request: its transaction ends before the answer is sent."""
    with request.app.state.database.session() as session:
        yield session


Own = Annotated[Session, Depends(opened, scope="function")]


def application(database: Database) -> FastAPI:
    """Books of an author, added and read."""
    app = FastAPI()
    app.state.database = database

    @app.post("/sync/{number}")
    def add(number: int, session: Own, fail: bool = False) -> BookRow:
        return _add(session, number, fail)

    @app.post("/async/{number}")
    async def add_async(number: int, session: Own, fail: bool = False) -> BookRow:
        return _add(session, number, fail)

    @app.get("/books")
    def books(session: Own) -> list[BookRow]:
        return session.book.select(order_by=session.book.c.isbn)

    @app.get("/authors")
    async def authors(session: Own) -> list[AuthorRow]:
        return session.author.select()

    return app


def _add(session: Session, number: int, fail: bool) -> BookRow:
    author = Author(name=f"Author {number}")
    session.add(author)
    session.flush()
    row = session.book.insert(author_id=author.id, isbn=f"{number:013}", title=f"Title {number}", price=Decimal("9.99"))
    if fail:
        raise HTTPException(409)
    return row


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The bookstore's tables, on either engine."""
    with Database(url, busy_timeout=60, pool_timeout=60) as made:
        made.create()
        yield made


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_requests_at_once(database: Database, kind: str) -> None:
    """Each request that succeeds is stored as a whole, each that fails not at all, and none sees another's."""

    async def run() -> tuple[list[httpx.Response], list[Any], list[Any]]:
        # A request that waits for SQLite's one writer keeps a thread, and the writer needs one to go on.
        current_default_thread_limiter().total_tokens = 2 * REQUESTS
        transport = httpx.ASGITransport(application(database))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            answers = await asyncio.gather(
                *(
                    client.post(f"/{kind}/{number}", params={"fail": number % 5 == 0}, timeout=120)
                    for number in range(REQUESTS)
                )
            )
            return answers, (await client.get("/books")).json(), (await client.get("/authors")).json()

    answers, books, authors = asyncio.run(run())
    kept = [number for number in range(REQUESTS) if number % 5]
    assert [answer.status_code for answer in answers] == [200 if number in kept else 409 for number in range(REQUESTS)]
    assert [book["title"] for book in books] == [f"Title {number}" for number in kept]
    assert {author["name"] for author in authors} == {f"Author {number}" for number in kept}
    names = {author["id"]: author["name"] for author in authors}
    assert all(names[book["author_id"]] == book["title"].replace("Title", "Author") for book in books)
    assert books[0]["price"] == "9.99"
    assert answers[1].json() == books[0]
