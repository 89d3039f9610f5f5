"""The commands of `tablewright`, and the exit code of every end they can come to."""

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

The pyproject.toml of the project says where things are; these are the defaults:

  \\[tool.tablewright]
  specs = "specs"                         one folder a schema
  output = "generated"                    one package a schema
  dialects = \\["sqlite", "postgresql"]    what a schema must suit
  targets = \\[]                           \\["3.11", "3.13"] type-checks for both
  # base = "app.db:Base"                  entities derive from an own base
"""
EXIT_CODES = """[bold]Exit codes[/]
   0  done
   1  findings: a wrong spec, a type error, output that is not fresh
   2  wrong use: of the command, of the settings, of a folder
   3  the environment is lacking: a tool is absent, the disk refuses
  70  a bug in tablewright
"""
GENERATE_EXAMPLES = """[bold]Examples[/]
  tablewright generate              all schemas
  tablewright generate bookstore    one of them
  tablewright generate --check      for CI: exits 1 if the output is not fresh
"""
LINT_EXAMPLES = """[bold]Examples[/]
  tablewright lint                  all schemas
  tablewright lint bookstore        one of them
  tablewright explain RULE          what the rule named in brackets is for
"""
RULES_EXAMPLES = """[bold]Examples[/]
  tablewright rules                 all of them
  tablewright explain name-clash    one of them, whole
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
    list[str] | None, typer.Argument(metavar="SCHEMA", help="Folders of the specs folder; all when none is named.")
]

Cache = Annotated[
    bool,
    typer.Option("--cache/--no-cache", help="Reuse what earlier runs found, kept in .tablewright_cache."),
]


def run(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that *arguments* (by default those of the process) name, and exits."""
    # A run keeps what it makes to its end: to look for circles in it, again and again, takes a quarter of the time.
    gc.disable()
    # Nor does it look once more before the process, with all of it, goes.
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
        typer.Option("--traceback", envvar="TABLEWRIGHT_DEBUG", help="Show where in tablewright an error came from."),
    ] = False,
) -> None:
    Debugging.on = traceback


@app.command(epilog=GENERATE_EXAMPLES)
def generate(
    schemas: Schemas = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; show what would change, and exit 1 if anything would.")
    ] = False,
    typecheck: Annotated[
        bool, typer.Option("--typecheck/--no-typecheck", help="Run mypy --strict on what was written.")
    ] = True,
    cache: Cache = True,
) -> None:
    """Generate the packages of the schemas.

    Everything is rendered before anything is written, and each package is put in place in one step:
    a run that fails leaves the old package whole, a run that changes nothing touches nothing.
    What has not changed since the last run is not made again; TABLEWRIGHT_CACHE_DIR names another folder for the cache.
    Summary and diff go to stdout; problems, with file:line:column, to stderr.
    """
    from tablewright import pipeline
    from tablewright.cli import output
    from tablewright.settings import load_settings

    settings = load_settings(Path.cwd())
    with output.progress() as tell:
        outcome = pipeline.generate(
            settings, schemas or (), check=check, typecheck=typecheck, cache=cache, progress=tell
        )
    output.outcome(outcome, settings)
    raise typer.Exit(0 if outcome.clean else 1)


@app.command(epilog=LINT_EXAMPLES)
def lint(schemas: Schemas = None, cache: Cache = True) -> None:
    """Report every mistake of the schemas, and generate nothing.

    One line a problem on stdout: file:line:column, the rule in brackets, what is wrong, what to write instead.
    """
    from tablewright import pipeline
    from tablewright.analysis.analysis import has_errors
    from tablewright.cli import output
    from tablewright.settings import load_settings

    settings = load_settings(Path.cwd())
    with output.progress() as tell:
        diagnostics = pipeline.lint(settings, schemas or (), cache=cache, progress=tell)
    output.diagnostics(diagnostics, to_stderr=False)
    if not diagnostics:
        typer.echo("No problem found.", err=True)
    raise typer.Exit(1 if has_errors(diagnostics) else 0)


@app.command(epilog=RULES_EXAMPLES)
def rules() -> None:
    """List the rules that a schema is judged by.

    One line a rule on stdout: its id, whether it is an error or a warning, and its purpose.
    """
    from tablewright.cli import output
    from tablewright.rules.registry import PURPOSES

    output.rules(PURPOSES)


@app.command(epilog=EXPLAIN_EXAMPLES)
def explain(rule: Annotated[str, typer.Argument(metavar="RULE", help="The id in the brackets of a problem.")]) -> None:
    """Explain one rule: what it asks for, and whether breaking it is an error or a warning."""
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
