"""The chart of the README, drawn from the results: `python -m tests.benchmarks.chart`."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from tests.benchmarks import results
from tests.benchmarks.results import Report

CHART = Path(__file__).parent / "speed.svg"

WORKS = {
    "bulk-read": "read 100,000 rows",
    "bulk-read-rich": "read rows of rich types",
    "point-read": "get by key",
    "filtered-read": "read 50 rows",
    "insert-returning": "insert one",
    "update-by-key": "update one",
    "delete-by-key": "delete one",
    "insert-many": "insert 50,000 rows",
    "upsert-many": "upsert 10,000 rows",
}
ENGINES = {"sqlite": "SQLite", "postgresql": "Postgres"}
# The palette of Okabe and Ito, which colour-blind readers can distinguish on white and on black.
MARKS = {
    "core": ("SQLAlchemy Core", "#56B4E9", "s"),
    "orm": ("SQLAlchemy ORM", "#0072B2", "s"),
    "sqlmodel": ("SQLModel", "#CC79A7", "^"),
    "peewee": ("peewee", "#E69F00", "v"),
    "django": ("Django", "#009E73", "D"),
    "tablewright": ("tablewright", "#D55E00", "o"),
}
INK, FAINT = "#010203", "#040506"
"""Placeholders for the colours of text and lines, which depend on the light or dark theme of the page."""
STYLE = """<style>
:root { --ink: #1f2328; --faint: #d1d9e0 }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --faint: #3d444d } }
</style>"""
SETTINGS = {
    "svg.hashsalt": "tablewright",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(report: Report) -> str:
    """Return the chart as SVG: the cost of each piece of work, as multiples of the bare driver's."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(10, 4.2), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (engine, title) in zip(panels, ENGINES.items(), strict=True):
            _draw_panel(axes, report, engine)
            axes.set_title(title, fontsize=11, fontweight="bold")
        panels[0].set_yticks(range(len(WORKS)), list(WORKS.values()))
        panels[0].invert_yaxis()
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=len(MARKS), frameon=False)
        figure.suptitle(
            "The same work, as multiples of the bare driver's time (logarithmic; left is faster)", fontsize=10
        )
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _adaptive(file.getvalue(), origin())


def origin() -> str:
    """Return the comment of the chart that identifies its results."""
    return f"<!-- from results.json, sha256 {results.digest()} -->"


def _draw_panel(axes: Axes, report: Report, engine: str) -> None:
    for name, (label, colour, marker) in MARKS.items():
        found = [report.of(f"rows/{engine}/{work}") for work in WORKS]
        points = [
            (result.ratios[name].median, row)
            for row, result in enumerate(found)
            if result is not None and name in result.ratios
        ]
        ours = name == "tablewright"
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            marker,
            color=colour,
            label=label,
            markersize=9 if ours else 6,
            zorder=3 if ours else 2,
            clip_on=False,
        )
    axes.axvline(1, color=INK, linewidth=1, zorder=1)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(color=FAINT, linewidth=0.6)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _adaptive(svg: str, comment: str) -> str:
    svg = re.sub(r"<!DOCTYPE.*?>\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace(INK, "var(--ink)").replace(FAINT, "var(--faint)")
    return re.sub(r"(<svg [^>]*>)", rf"\1\n{comment}\n{STYLE}", svg, count=1)


if __name__ == "__main__":
    CHART.write_text(draw(results.read()), encoding="utf-8")
