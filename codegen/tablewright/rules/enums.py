"""Rules about enums."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.schema import names
from tablewright.spec.expand import ExpandedSchema

# Names that a class body mangles, or that `enum` reserves.
_NO_MEMBER = re.compile(r"__.*|_.+_")


def enum_duplicate_value(schema: ExpandedSchema) -> Iterator[Violation]:
    """The values of an enum are distinct."""
    for enum in schema.enums:
        first: dict[str, int] = {}
        for number, value in enumerate(enum.values):
            if first.setdefault(value, number) != number:
                path = ("enums", enum.name, "values", number)
                yield Violation(path, f"the enum `{enum.name}` has the value `{value}` twice.")


def enum_member_clash(schema: ExpandedSchema) -> Iterator[Violation]:
    """The values of an enum have different members: in upper case, with `_` for other characters."""
    for enum in schema.enums:
        members: dict[str, str] = {}
        for number, value in enumerate(enum.values):
            member = names.member_name(value)
            other = members.setdefault(member, value)
            if other != value:
                message = f"`{other}` and `{value}` would both be the member `{member}`."
                yield Violation(("enums", enum.name, "values", number), message, "Rename one of them.")


def enum_value(schema: ExpandedSchema) -> Iterator[Violation]:
    """A value of an enum can be stored, and its member has a valid name."""
    for enum in schema.enums:
        for number, value in enumerate(enum.values):
            path = ("enums", enum.name, "values", number)
            member = names.member_name(value)
            if not value.isprintable():
                yield Violation(path, "a value of an enum must consist of printable characters.")
            elif _NO_MEMBER.fullmatch(member):
                message = f"`{value}` would be the member `{member}`, which Python reserves."
                yield Violation(path, message, "Begin the value with a letter or a digit.")
            elif enum.native and len(value.encode()) > names.MAX_BYTES:
                yield Violation(path, f"a value of a native enum has at most {names.MAX_BYTES} bytes.")
