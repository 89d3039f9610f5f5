"""Rows as types of pydantic and FastAPI."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pydantic
import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient

from bookstore import BookRow, Genre

ROW = BookRow(
    1, 2, "isbn", "Title", Genre.ESSAY, Decimal("9.99"), 3, {"a": "b"}, *[datetime(2024, 1, 1, tzinfo=UTC)] * 2
)


class Shelf(pydantic.BaseModel):
    """A model that holds rows."""

    rows: list[BookRow]
    first: BookRow | None = None


def test_models_hold_rows() -> None:
    """A row is accepted as it is, or as a mapping that is checked; JSON works both ways."""
    shelf = Shelf(rows=[ROW])
    assert shelf.rows[0] is ROW
    assert Shelf.model_validate_json(shelf.model_dump_json()) == shelf
    assert shelf.model_dump()["rows"][0]["price"] == Decimal("9.99")
    with pytest.raises(pydantic.ValidationError, match=r"rows.0.*stock"):
        Shelf.model_validate({"rows": [{**shelf.model_dump()["rows"][0], "stock": "many"}]})


def test_the_json_schema_of_a_row() -> None:
    """Its columns with their types, under the row's name."""
    definition: dict[str, Any] = Shelf.model_json_schema()["$defs"]["BookRow"]
    assert definition["title"] == "BookRow"
    assert definition["properties"]["stock"]["type"] == "integer"
    assert definition["properties"]["created_at"]["format"] == "date-time"
    assert "isbn" in definition["required"]


def test_rows_are_response_models() -> None:
    """`-> list[BookRow]` serves rows as JSON, a body is read as one, and the schema names it."""
    app = FastAPI()

    @app.get("/books")
    def books() -> list[BookRow]:
        return [ROW]

    # FastAPI takes only classes of its own for a body unasked.
    @app.post("/books")
    def add(row: Annotated[BookRow, Body()]) -> BookRow:
        assert isinstance(row, BookRow)
        return row

    client = TestClient(app)
    (served,) = client.get("/books").json()
    assert served["genre"] == "essay"
    assert client.post("/books", json=served).json() == served
    assert client.post("/books", json={**served, "stock": "many"}).status_code == 422
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert [name for name in schemas if name.startswith("BookRow")]
