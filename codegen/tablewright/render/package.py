"""Renders a package's plan into text, in memory."""

from __future__ import annotations

import functools
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined

from tablewright.plan.plans import PackagePlan
from tablewright.render.outputs import OUTPUTS


def render_package(package: PackagePlan) -> dict[str, str]:
    """Return the text of every file of *package*, by its path in the package."""
    files: dict[str, str] = {}
    for output in OUTPUTS:
        template = _environment().get_template(output.template)
        for plan in output.plans(package):
            path = output.path.format(module=getattr(plan, "module", ""))
            files[path] = template.render(plan=plan, package=package)
    return files


class _Environment(Environment):
    """Jinja2, where `a.b` is an attribute of a plan, or an entry of a plan's dict."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        # Jinja2 itself tries an attribute first, and the entry after an error, which is slower.
        return cast("dict[str, Any]", obj)[attribute] if isinstance(obj, dict) else getattr(obj, attribute)


@functools.cache
def _environment() -> Environment:
    return _Environment(
        loader=PackageLoader("tablewright.render"),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
