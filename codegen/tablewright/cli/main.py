"""The commands of `tablewright`."""

from __future__ import annotations

import atexit
import gc
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tablewright.cli.exit_codes import Debugging, exit_code

APP_HELP = """Describe tables once; get a typed database package.

The settings are in the project's pyproject.toml; these are the defaults:

  \\[tool.tablewright]
  specs = "specs"                         one folder for each schema
  output = "generated"                    one package for each schema
  dialects = \\["sqlite", "postgresql"]    databases that a schema must support
  targets = \\[]                           \\["3.11", "3.13"] type-checks for both
  # base = "app.db:Base"                  the declarative base of entities
"""
EXIT_CODES = """[bold]Exit codes[/]
   0  success
   1  an invalid spec, a type error, or generated files that are out of date
   2  wrong usage: a bad argument, setting or folder
   3  missing tool or unwritable disk
  70  a bug in tablewright
"""
GENERATE_EXAMPLES = """[bold]Examples[/]
  tablewright generate              all schemas
  tablewright generate bookstore    one of them
  tablewright generate --check      for CI: exits 1 if generated files are out of date
"""
LINT_EXAMPLES = """[bold]Examples[/]
  tablewright lint                  all schemas
  tablewright lint bookstore        one of them
  tablewright explain RULE          explain the rule named in brackets
"""
RULES_EXAMPLES = """[bold]Examples[/]
  tablewright rules                 all rules
  tablewright explain name-clash    one rule, in full
"""
EXPLAIN_EXAMPLES = """[bold]Examples[/]
  tablewright explain name-clash
"""
JSON_SCHEMA_EXAMPLES = """[bold]Examples[/]
  tablewright json-schema > tablewright.schema.json

Then, as the first line of a spec:
  # yaml-language-server: $schema=../../tablewright.schema.json
"""

app = typer.Typer(
    name="tablewright",
    help=APP_HELP,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Schemas = Annotated[
    list[str] | None, typer.Argument(metavar="SCHEMA", help="Folders in the specs folder; all by default.")
]

Cache = Annotated[
    bool,
    typer.Option("--cache/--no-cache", help="Reuse results of earlier runs, stored in .tablewright_cache."),
]


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command in *arguments*, by default those of the process, and exit."""
    # A run keeps its objects to the end: collecting cycles among them would take a quarter of the time.
    gc.disable()
    # Skip the last collection at exit too.
    atexit.register(gc.freeze)
    try:
        app(arguments, prog_name="tablewright")
    except Exception as error:
        raise SystemExit(exit_code(error)) from None
    finally:
        gc.enable()


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tablewright {version('tablewright')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option("--traceback", envvar="TABLEWRIGHT_DEBUG", help="Print a traceback with every error."),
    ] = False,
) -> None:
    Debugging.on = traceback


@app.command(epilog=GENERATE_EXAMPLES)
def generate(
    schemas: Schemas = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; print the changes, and exit 1 if there are any.")
    ] = False,
    typecheck: Annotated[
        bool, typer.Option("--typecheck/--no-typecheck", help="Run mypy --strict on the generated code.")
    ] = True,
    cache: Cache = True,
) -> None:
    """Generate the packages of the schemas.

    Everything is rendered before anything is written, and each package is replaced in one step.
    A run that fails leaves the old package intact; a run without changes writes nothing.
    Unchanged results of earlier runs are reused; TABLEWRIGHT_CACHE_DIR sets the folder of the cache.
    The summary and diffs go to stdout; problems, with file:line:column, go to stderr.
    """
    from tablewright import pipeline
    from tablewright.cli import output
    from tablewright.settings import load_settings

    settings = load_settings(Path.cwd())
    with output.progress() as report:
        outcome = pipeline.generate(
            settings, schemas or (), check=check, typecheck=typecheck, cache=cache, progress=report
        )
    output.outcome(outcome, settings)
    raise typer.Exit(0 if outcome.clean else 1)


@app.command(epilog=LINT_EXAMPLES)
def lint(schemas: Schemas = None, cache: Cache = True) -> None:
    """Report every problem of the schemas, and generate nothing.

    Each problem is one line on stdout: file:line:column, the rule in brackets, the problem, and a suggestion.
    """
    from tablewright import pipeline
    from tablewright.analysis.analysis import has_errors
    from tablewright.cli import output
    from tablewright.settings import load_settings

    settings = load_settings(Path.cwd())
    with output.progress() as report:
        diagnostics = pipeline.lint(settings, schemas or (), cache=cache, progress=report)
    output.diagnostics(diagnostics, to_stderr=False)
    if not diagnostics:
        typer.echo("No problem found.", err=True)
    raise typer.Exit(1 if has_errors(diagnostics) else 0)


@app.command(epilog=RULES_EXAMPLES)
def rules() -> None:
    """List the rules that schemas are checked against.

    Each rule is one line on stdout: its id, its severity, and its purpose.
    """
    from tablewright.cli import output
    from tablewright.rules.registry import PURPOSES

    output.rules(PURPOSES)


@app.command(epilog=EXPLAIN_EXAMPLES)
def explain(rule: Annotated[str, typer.Argument(metavar="RULE", help="The id in brackets in a problem.")]) -> None:
    """Explain one rule: what it requires, and whether breaking it is an error or a warning."""
    from tablewright.cli import output
    from tablewright.rules import registry

    try:
        purpose = registry.explain(rule)
    except KeyError as error:
        hint = "" if "Did you mean" in str(error) else " `tablewright rules` lists them."
        raise typer.BadParameter(f"{error.args[0]}{hint}", param_hint="RULE") from error
    output.rule(rule, purpose)


@app.command("json-schema", epilog=JSON_SCHEMA_EXAMPLES)
def print_json_schema() -> None:
    """Print the JSON Schema of the spec language, for editors that check and complete YAML."""
    from tablewright.spec.json_schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
