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
    """Open the session of a request. Its transaction ends before the response is sent."""
    with request.app.state.database.session() as session:
        yield session


Own = Annotated[Session, Depends(opened, scope="function")]


def application(database: Database) -> FastAPI:
    """Return an application that adds and reads books of an author."""
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
    """Create the bookstore's tables, on SQLite and Postgres."""
    with Database(url, busy_timeout=60, pool_timeout=60) as database:
        database.create()
        yield database


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_requests_at_once(database: Database, kind: str) -> None:
    """A successful request is stored completely, a failed one not at all, and no request sees another's writes."""

    async def run() -> tuple[list[httpx.Response], list[Any], list[Any]]:
        # A request that waits for SQLite's one writer blocks a thread, and the writer needs one to continue.
        current_default_thread_limiter().total_tokens = 2 * REQUESTS
        transport = httpx.ASGITransport(application(database))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            responses = await asyncio.gather(
                *(
                    client.post(f"/{kind}/{number}", params={"fail": number % 5 == 0}, timeout=120)
                    for number in range(REQUESTS)
                )
            )
            return responses, (await client.get("/books")).json(), (await client.get("/authors")).json()

    responses, books, authors = asyncio.run(run())
    stored = [number for number in range(REQUESTS) if number % 5]
    assert [response.status_code for response in responses] == [
        200 if number in stored else 409 for number in range(REQUESTS)
    ]
    assert [book["title"] for book in books] == [f"Title {number}" for number in stored]
    assert {author["name"] for author in authors} == {f"Author {number}" for number in stored}
    names = {author["id"]: author["name"] for author in authors}
    assert all(names[book["author_id"]] == book["title"].replace("Title", "Author") for book in books)
    assert books[0]["price"] == "9.99"
    assert responses[1].json() == books[0]
