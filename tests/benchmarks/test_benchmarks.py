"""The benchmarks: contenders do the same work, and the README shows the results."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine
from sqlalchemy.orm import configure_mappers

from tablewright.schema.build import build_metadata
from tablewright.spec.load import load_folder
from tablewright.spec.resolve import resolve
from tests.benchmarks import __main__ as command, many_tables, measure, opaque, readme, results, rows, targets
from tests.benchmarks.case import UnequalError
from tests.benchmarks.cases import CASES
from tests.benchmarks.contenders.contender import Workload
from tests.benchmarks.contenders.registry import CONTENDERS, open_contender
from tests.benchmarks.measure import Spread
from tests.benchmarks.targets import TINY, Target, create_target

FOLDER = Path(__file__).parent
ROW_CASES = [case for case in CASES if isinstance(case, rows.RowCase)]
OPAQUE_CASES = [case for case in CASES if isinstance(case, opaque.OpaqueCase)]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package of the benchmarks."""
    folder = tmp_path_factory.mktemp("generated")
    yield targets.generated_shop(folder)
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def sqlite_target(package: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A tiny SQLite file."""
    target = create_target(f"sqlite:///{tmp_path_factory.mktemp('target') / 'shop.db'}", package, TINY)
    yield target
    target.close()


@pytest.fixture(scope="module")
def postgres_target(package: Any, postgres_server: URL) -> Iterator[Target]:
    """A tiny Postgres database."""
    with targets.postgres_database(postgres_server) as url:
        target = create_target(url, package, TINY)
        yield target
        target.close()


@pytest.mark.parametrize("case", ROW_CASES, ids=lambda case: case.id)
def test_contenders_do_the_same(case: rows.RowCase, request: pytest.FixtureRequest) -> None:
    """Every installed contender returns and stores the same values, with the same settings."""
    target: Target = request.getfixturevalue("sqlite_target" if case.engine == "sqlite" else "postgres_target")
    installed, _ = case.installed()
    assert len(installed) > 1
    rows.verify_equal(case.work, installed, target)


@pytest.mark.parametrize(
    ("work", "does", "what"),
    [
        ("bulk_read", lambda workload: [], "(number of )?rows"),
        ("point_read", lambda workload: [], "(number of )?rows"),
        ("delete_by_key", lambda workload: [True for _ in workload.keys], "content"),
        ("insert_many", lambda workload: len(workload.rows), "content"),
        ("insert_many", lambda workload: 1, "count|content"),
    ],
)
def test_a_difference_is_an_error(
    work: str, does: Any, what: str, sqlite_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A contender that reads, writes or counts differently is an error."""
    monkeypatch.setattr(open_contender("tablewright", sqlite_target), work, does)
    with pytest.raises(UnequalError, match=f"{work} on sqlite: the ({what}) of tablewright and driver differ"):
        rows.verify_equal(work, ["driver", "tablewright"], sqlite_target)


def test_other_settings_are_an_error(sqlite_target: Target) -> None:
    """A contender whose commits are less durable is an error."""
    driver: Any = open_contender("driver", sqlite_target)
    driver.connection.execute("PRAGMA synchronous = OFF")
    try:
        with pytest.raises(UnequalError, match="setting synchronous"):
            rows.verify_equal("empty_sessions", ["driver", "tablewright"], sqlite_target)
    finally:
        driver.connection.execute("PRAGMA synchronous = FULL")


@pytest.fixture
def storages(package: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The installed contenders with opaque tables, each with its own database."""
    with ExitStack() as stack:

        def empty(name: str) -> URL:
            if request.param == "sqlite":
                return URL.create("sqlite", database=str(tmp_path / f"{name}.db"))
            return stack.enter_context(targets.postgres_database(request.getfixturevalue("postgres_server")))

        opened: dict[str, Any] = {}
        for name in opaque.CONTENDERS:
            if opaque.missing_reason(name) is None:
                opened[name] = opaque.create_storage(name, empty(name), package)
                stack.callback(opened[name].close)
        yield opened


@pytest.mark.parametrize("storages", ["sqlite", "postgresql"], indirect=True)
def test_opaque_contenders_do_the_same(storages: dict[str, Any]) -> None:
    """Every installed contender returns and stores the same records, with the same settings."""
    assert len(storages) > 1
    for work in {case.work for case in OPAQUE_CASES}:
        opaque.verify_equal(work, storages)


@pytest.mark.parametrize("storages", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("work", "verb"), [("insert", "insert"), ("delete", "delete"), ("fetch-ids", "fetch_ids")])
def test_a_difference_in_opaque_tables_is_an_error(
    work: str, verb: str, storages: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A contender that stores different records, or reads fewer, is an error."""
    monkeypatch.setattr(storages["tablewright"], verb, lambda workload: 0)
    with pytest.raises(UnequalError, match=f"{work}: the .* of tablewright and driver differ"):
        opaque.verify_equal(work, storages)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_streams_return_every_row(engine: str, request: pytest.FixtureRequest) -> None:
    """The benchmarks of memory stream the whole table."""
    target: Target = request.getfixturevalue("sqlite_target" if engine == "sqlite" else "postgres_target")
    for name in ("driver", "tablewright", "core", "orm"):
        who = open_contender(name, target)
        with who.transaction():
            assert who.stream(Workload()) == TINY.plain


def test_every_case_can_be_judged() -> None:
    """Ids of cases are unique, and their goals and baselines name contenders of the case."""
    assert len({case.id for case in CASES}) == len(CASES)
    for case in CASES:
        named = {case.baseline} | {goal.of for goal in case.goals} | {goal.than for goal in case.goals if goal.than}
        assert named <= set(case.contenders), case.id
    assert {name for case in ROW_CASES for name in case.contenders} == CONTENDERS.keys()


def test_each_contender_goes_first_as_often_as_the_others() -> None:
    """Each contender comes first once in as many rounds as there are contenders; then the order is reversed."""
    names = ("a", "b", "c")
    turns = [measure.turn(names, number) for number in range(6)]
    assert [turn[0] for turn in turns[:3]] == ["a", "b", "c"]
    assert {turn[0] for turn in turns[3:]} == set(names)
    assert turns[3] == turns[0][::-1]
    assert all(sorted(turn) == sorted(names) for turn in turns)


def test_rounds_alternate() -> None:
    """Each round runs every contender once; contenders with fewer rounds run in the first ones."""
    ran: list[str] = []

    def runner(name: str) -> measure.Run:
        def run() -> dict[str, float]:
            ran.append(name)
            return {"s": float(len(ran))}

        return run

    costs = measure.alternate({name: runner(name) for name in "ab"}, {"a": 3, "b": 2})
    assert ran == ["a", "b", "b", "a", "a"]
    assert costs == {"a": [{"s": 1.0}, {"s": 4.0}, {"s": 5.0}], "b": [{"s": 2.0}, {"s": 3.0}]}
    figures = {name: [cost["s"] for cost in rounds] for name, rounds in costs.items()}
    assert measure.ratio(figures, "b", "a") == Spread(median=1.375, low=0.75, high=2.0)


def test_a_ratio_is_that_of_each_round() -> None:
    """A round that was slow for all contenders does not change the ratio."""
    figures = {"ours": [2.0, 20.0, 3.0], "theirs": [1.0, 10.0, 1.0]}
    assert measure.ratio(figures, "ours", "theirs") == Spread(median=2.0, low=2.0, high=3.0)
    assert measure.spread([3.0, 1.0, 2.0, 10.0]) == Spread(median=2.5, low=1.0, high=10.0)


def test_the_clock_runs_within_the_block_only() -> None:
    """Only the block is timed, by the given clock."""
    clock = iter([10.0, 12.5])
    with measure.timed(lambda: next(clock)) as watch:
        pass
    assert watch.seconds == 2.5


def test_the_same_tables_for_every_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The spec, in many files or one, the SQL and the hand-written module define the same tables."""
    described = []
    for one_file in (False, True):
        project = tmp_path / f"one-file-{one_file}"
        many_tables.write_specs(project, 6, one_file=one_file)
        catalog = load_folder(project / "specs" / many_tables.NAME, root=project)
        assert not catalog.diagnostics
        described.append(_described(build_metadata(resolve(catalog))))
    (tmp_path / "by_hand.py").write_text(many_tables.hand_written(6))
    monkeypatch.syspath_prepend(str(tmp_path))
    by_hand: Any = __import__("by_hand")
    configure_mappers()
    assert by_hand.Item0001.parent.property.mapper.class_ is by_hand.Item0000
    described.append(_described(by_hand.Base.metadata))
    with sqlite3.connect(tmp_path / "big.db") as connection:
        connection.executescript(many_tables.sql(6))
        created = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    by_hand.Base.metadata.create_all(create_engine("sqlite://"))
    assert described[0] == described[1] == described[2]
    assert created == described[0].keys()
    assert all(f"FROM {name} " in many_tables.queries(6) for name in created)


def _described(metadata: Any) -> dict[str, Any]:
    return {
        table.name: {
            column.name: (column.nullable, column.primary_key, [key.target_fullname for key in column.foreign_keys])
            for column in table.columns
        }
        for table in metadata.tables.values()
    }


def test_list_names_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    """`--list` names every case, and measures nothing."""
    assert command.main(["--list"]) == 0
    output = capsys.readouterr().out
    assert [case.id for case in CASES if case.id not in output] == []


def test_an_unknown_case_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """A pattern that matches no case is an error that mentions `--list`."""
    with pytest.raises(SystemExit) as ended:
        command.main(["--only", "rows/oracle/*"])
    assert ended.value.code == 2
    assert "--list shows all of them" in capsys.readouterr().err


def test_results_survive_their_file(tmp_path: Path) -> None:
    """A report is read as it was written, to four digits, from one line a case."""
    report = results.read()
    results.write(report, tmp_path / "again.json")
    assert results.read(tmp_path / "again.json") == report
    assert (tmp_path / "again.json").read_bytes() == results.RESULTS.read_bytes()
    lines = (tmp_path / "again.json").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('{"id": ') for line in lines) == len(report.results)


def test_limits_belong_to_cases_with_goals() -> None:
    """Each explanation of a missed goal belongs to a case with goals."""
    assert readme.LIMITS.keys() <= {case.id for case in CASES if case.goals}


@pytest.mark.parametrize("document", readme.DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_show_the_results(document: Path) -> None:
    """The figures of the README and of the reference are those of the last whole run."""
    text = document.read_text(encoding="utf-8")
    assert readme.with_figures(document, results.read()) == text, "run `make bench-readme`"


def test_the_results_are_of_a_whole_run() -> None:
    """The results cover every case, with all contenders, at full size."""
    report = results.read()
    assert not report.quick
    assert [result.id for result in report.results] == [case.id for case in CASES]
    assert {result.id: result.missing for result in report.results if result.missing} == {}


def test_the_chart_shows_the_results() -> None:
    """The chart was drawn from the same results, and the README links to it."""
    chart = (FOLDER / "speed.svg").read_text(encoding="utf-8")
    digest = re.search(r"<!-- from results.json, sha256 ([0-9a-f]{64}) -->", chart)
    assert digest is not None
    assert digest[1] == results.digest(), "run `make bench-readme`"
    assert "(tests/benchmarks/speed.svg)" in readme.README.read_text(encoding="utf-8")
