"""`TypedDict` of the run time: the same as that of `typing` for every reader."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import typing
from typing import Any, NotRequired, Required, get_type_hints, is_typeddict

import msgspec
import pydantic
import pytest

import bookstore
import observatory
from tablewright.runtime.rows.typed_dict import TypedDict


class Loan(TypedDict):
    """A book on loan."""

    reader: str
    until: NotRequired[list[dt.date]]


class Changes(TypedDict, total=False):
    """Anything of it."""

    reader: Required[str]
    until: list[dt.date]


class Extended(Loan, total=False):
    """A loan with more."""

    note: str
    clerk: Required[str]


def test_it_is_a_typed_dict() -> None:
    """`typing` recognises it; calls return plain dicts, and nothing is an instance of it."""
    assert is_typeddict(Loan)
    assert Loan(reader="a") == {"reader": "a"}
    assert type(Loan(reader="a")) is dict
    assert get_type_hints(Loan) == {"reader": str, "until": list[dt.date]}
    assert (Loan.__name__, Loan.__qualname__, Loan.__module__) == ("Loan", "Loan", __name__)
    assert Loan.__doc__ == "A book on loan."
    assert Loan.__total__
    assert not Changes.__total__
    assert not hasattr(Loan, "nothing")
    with pytest.raises(TypeError, match="instance"):
        isinstance({}, Loan)  # type: ignore[misc]  # the point of the test
    assert pickle.loads(pickle.dumps(Loan)) is Loan
    assert copy.deepcopy(Loan) is Loan


@pytest.mark.parametrize(
    ("made", "required", "optional"),
    [
        (Loan, {"reader"}, {"until"}),
        (Changes, {"reader"}, {"until"}),
        (Extended, {"reader", "clerk"}, {"until", "note"}),
    ],
)
def test_keys_are_required_as_they_say(made: Any, required: set[str], optional: set[str]) -> None:
    """Required and NotRequired work although annotations are text, also in a subclass."""
    assert (made.__required_keys__, made.__optional_keys__) == (required, optional)


@pytest.mark.parametrize(
    "convert", [msgspec.convert, lambda value, to: pydantic.TypeAdapter(to).validate_python(value)]
)
def test_values_are_converted_and_refused(convert: Any) -> None:
    """msgspec and pydantic read the annotations, and refuse a missing required key or a wrong value."""
    assert convert({"reader": "a", "until": ["2026-01-31"]}, Loan) == {"reader": "a", "until": [dt.date(2026, 1, 31)]}
    assert convert({"reader": "a"}, Changes) == {"reader": "a"}
    assert convert({"reader": "a", "clerk": "b"}, Extended) == {"reader": "a", "clerk": "b"}
    for to, value in ((Loan, {}), (Loan, {"reader": 1}), (Changes, {"until": []}), (Extended, {"reader": "a"})):
        with pytest.raises((msgspec.ValidationError, pydantic.ValidationError)):
            convert(value, to)


@pytest.mark.parametrize("package", [bookstore, observatory])
def test_those_of_packages_are_what_typing_makes(package: Any) -> None:
    """Every typed dict of a package has the hints and the keys of one by `typing`."""
    names = [name for name in dir(package) if name.endswith(("Insert", "Update", "Filter"))]
    assert len(names) > 10
    for name in names:
        found = getattr(package, name)
        hints = get_type_hints(found, include_extras=True)
        made = typing.TypedDict(name, hints, total=found.__total__)  # type: ignore[misc]  # made at run time
        assert (found.__required_keys__, found.__optional_keys__) == (made.__required_keys__, made.__optional_keys__)
        assert found.__annotations__.keys() == hints.keys()
