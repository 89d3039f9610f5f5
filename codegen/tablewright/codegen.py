"""The generator for programs: what `tablewright generate` and `tablewright lint` do, as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tablewright.pipeline import Outcome as Outcome, generate as generate, lint as lint
    from tablewright.settings import Settings as Settings, load_settings as load_settings
    from tablewright.spec.diagnostic import Diagnostic as Diagnostic
else:
    _MODULES = {
        "Diagnostic": "tablewright.spec.diagnostic",
        "Outcome": "tablewright.pipeline",
        "Settings": "tablewright.settings",
        "generate": "tablewright.pipeline",
        "lint": "tablewright.pipeline",
        "load_settings": "tablewright.settings",
    }

    def __getattr__(name: str) -> object:
        from tablewright.lazy_names import load_name

        return load_name(__name__, _MODULES, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = ["Diagnostic", "Outcome", "Settings", "generate", "lint", "load_settings"]
