"""A generated package is completely typed: nothing unknown, no Any, under the strictest settings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "codegen", ROOT / "generated"]


@pytest.mark.parametrize("package", ["bookstore", "observatory"])
def test_verifytypes(package: str, tmp_path: Path) -> None:
    """`--verifytypes --ignoreexternal` reports 100 %."""
    # It looks for the package where the interpreter on the PATH does.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": os.pathsep.join(map(str, SOURCES))}
    command = [sys.executable, "-m", "basedpyright", "--verifytypes", package, "--ignoreexternal"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    exported = re.search(r"Symbols exported by .*: (\d+)", done.stdout)
    assert exported is not None, done.stdout
    assert int(exported.group(1)) > 400
    assert "Type completeness score: 100%" in done.stdout, done.stdout


def test_no_any(tmp_path: Path) -> None:
    """`reportAny` and `reportExplicitAny` find nothing in the declarations of generated packages."""
    configuration = {
        "include": [str(ROOT / "generated")],
        "extraPaths": list(map(str, SOURCES)),
        "typeCheckingMode": "strict",
        "reportAny": "error",
        "reportExplicitAny": "error",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(configuration))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--project", str(tmp_path)]
    done = subprocess.run([*command, "--outputjson"], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] > 40
    assert report["generalDiagnostics"] == []
