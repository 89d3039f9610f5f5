"""`Accessor`: `session.<table>`, whose module is imported when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tablewright.runtime.gate import GatedSession
    from tablewright.runtime.package import Package


class Accessor:
    """The attribute *name* of a package's sessions.

    A descriptor rather than a `__getattr__`, which would slow down every attribute of a session.
    """

    __slots__ = ("_name", "_package")

    def __init__(self, package: Package, name: str) -> None:
        self._package = package
        self._name = name

    def __get__(self, session: GatedSession | None, _owner: type | None = None) -> Any:
        if session is None:
            return self
        made = vars(session)[self._name] = self._package.accessor(self._name)(session)
        return made
