from __future__ import annotations

import datetime as dt
import enum
import json
import math
import uuid
from decimal import Decimal

import pytest

from tablewright.schema import definition as d
from tablewright.schema.range import Range
from tablewright.spec.resolve_literal import LiteralError, canonical_literal

GENRE = d.Enum(name="genre", class_name="Genre", values=("fiction", "poetry"))


class Genre(enum.StrEnum):
    FICTION = "fiction"


def type_(kind: d.Kind, **parameters: object) -> d.Type:
    """Return a type of *kind*."""
    return d.Type(kind=kind, **parameters)  # type: ignore[arg-type]  # a shorthand for the tables below


MONEY = type_("decimal", precision=6, scale=2)
DAYS = type_("range", of=type_("date"))
PAGES = type_("range", of=type_("integer"))


@pytest.mark.parametrize(
    ("type_", "values", "canonical"),
    [
        (type_("integer"), [7], 7),
        (type_("float"), [1, 1.0], 1.0),
        (type_("real"), [0.5], 0.5),
        (MONEY, [9.9, "9.9", "9.90", Decimal("9.9"), Decimal("9.900")], "9.90"),
        (MONEY, [0, -0.0, "0", Decimal("-0")], "0.00"),
        (MONEY, [100, "1e2"], "100.00"),
        (
            type_("decimal", precision=30, scale=2),
            ["1234567890123456789012345678.12"],
            "1234567890123456789012345678.12",
        ),
        (type_("boolean"), [True], True),
        (type_("string", length=3), ["abc"], "abc"),
        (type_("text"), ['it\'s "{{" \\'], 'it\'s "{{" \\'),
        (type_("bytes"), [b"\x00\xff", "AP8="], "AP8="),
        (type_("hash", nbytes=2), [b"\x00\xff", "AP8="], "AP8="),
        (type_("date"), [dt.date(2026, 1, 31), "2026-01-31"], "2026-01-31"),
        (type_("time"), [dt.time(8, 30), "08:30:00"], "08:30:00"),
        (type_("datetime"), [dt.datetime(2026, 1, 31, 8), "2026-01-31T08:00:00"], "2026-01-31T08:00:00"),
        (
            type_("timestamptz"),
            [
                dt.datetime(2026, 1, 31, 8, tzinfo=dt.UTC),
                dt.datetime(2026, 1, 31, 10, tzinfo=dt.timezone(dt.timedelta(hours=2))),
                "2026-01-31T10:00:00+02:00",
            ],
            "2026-01-31T08:00:00Z",
        ),
        (type_("interval"), [dt.timedelta(hours=1), "PT1H", "PT60M"], "PT3600S"),
        (type_("uuid"), [uuid.UUID(int=5), str(uuid.UUID(int=5)).upper()], str(uuid.UUID(int=5))),
        (type_("json", python="dict[str, int]"), [{"a": 1}], {"a": 1}),
        (type_("json"), [[1, {"a": None}]], [1, {"a": None}]),
        (type_("enum", enum="genre"), ["fiction", Genre.FICTION], "fiction"),
        (type_("array", of=MONEY), [[1, "2.5"], (Decimal(1), 2.5)], ["1.00", "2.50"]),
        (
            PAGES,
            [Range(1, 10, "[]"), {"lower": 1, "upper": 11}, {"lower": 0, "upper": 11, "bounds": "()"}],
            {"lower": 1, "upper": 11},
        ),
        (PAGES, [Range(lower=1), {"lower": 1}], {"lower": 1}),
        (PAGES, [Range.nothing(), {"lower": 3, "upper": 3}], {"empty": True}),
        (DAYS, [Range(dt.date(2026, 1, 1), dt.date(2026, 1, 2))], {"lower": "2026-01-01", "upper": "2026-01-02"}),
    ],
)
def test_every_spelling_of_a_value_has_one_canonical_form(
    type_: d.Type, values: list[object], canonical: d.Json
) -> None:
    """The YAML and Python forms of a value have the same JSON, of the same JSON type."""
    for value in values:
        result = canonical_literal(value, type_, [GENRE])
        assert (result, type(result)) == (canonical, type(canonical))


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        (type_("integer"), "5", "'5' is not a whole number"),
        (type_("integer"), True, "True is not a whole number"),
        (type_("integer"), 1.0, "1.0 is not a whole number"),
        (type_("smallint"), 70000, "from -32768 to 32767"),
        (type_("bigint"), 2**63, "an integer from"),
        (type_("float"), math.inf, "only finite numbers"),
        (type_("float"), math.nan, "only finite numbers"),
        (type_("float"), 10**400, "only finite numbers"),
        (type_("real"), 1e300, "a float of 32 bits"),
        (MONEY, 1.234, "more than 2 digits after the point"),
        (MONEY, "10000", "at most 6 digits"),
        (MONEY, "abc", "is not a number"),
        (MONEY, Decimal("NaN"), "finite"),
        (MONEY, True, "True is not a number"),
        (type_("decimal", precision=18, scale=2), 1234567890123456.25, "put it in quotes"),
        (type_("boolean"), 1, "1 is not true or false"),
        (type_("string", length=2), "abc", "at most 2 characters"),
        (type_("string", length=2), 7, "7 is not text"),
        (type_("text"), "a\0b", "NUL"),
        (type_("bytes"), "***", "base64"),
        (type_("bytes"), 7, "base64"),
        (type_("hash", nbytes=3), "AP8=", "3 bytes"),
        (type_("date"), "31.1.2026", "is not a date such as `2026-01-31`"),
        (type_("date"), dt.datetime(2026, 1, 31), "is not a date"),
        (type_("time"), "08:30:00Z", "is not a time"),
        (type_("datetime"), "2026-01-31T08:00:00Z", "without a zone"),
        (type_("timestamptz"), "2026-01-31T08:00:00", "with a zone"),
        (type_("datetime", precision=0), "2026-01-31T08:00:00.5", "0 fractional digits"),
        (type_("interval"), 3600, "is not a duration"),
        (type_("uuid"), "x", "is not a UUID"),
        (type_("json", python="dict[str, int]"), {"a": "b"}, "is not a `dict[str, int]`"),
        (type_("json", python="nowhere:Thing"), {}, "nowhere"),
        (type_("json"), json.loads("[" * 51 + "]" * 51), "nested more than 50 deep"),
        (type_("json"), json.loads('{"a":' * 50 + "[]" + "}" * 50), "nested more than 50 deep"),
        (type_("enum", enum="genre"), "essay", "'essay' is not a value of the enum `genre`"),
        (type_("array", of=type_("integer")), [1, None], "None is not a whole number"),
        (type_("array", of=type_("integer")), 1, "1 is not a list"),
        (PAGES, [1, 2], "is not a mapping of `lower` and `upper`"),
        (PAGES, {"lower": 2, "upper": 1}, "greater"),
        (PAGES, {"lower": 1, "bounds": "<>"}, "`bounds`"),
        (PAGES, {"lower": 1, "uper": 2}, "is not a mapping"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(type_: d.Type, value: object, message: str) -> None:
    """A literal of another type, or one that a database would refuse, is an error with the reason."""
    with pytest.raises(LiteralError) as error:
        canonical_literal(value, type_, [GENRE])
    assert message in str(error.value)
