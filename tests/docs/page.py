"""`Page`: a Markdown page of the documentation, and what its code blocks are for.

The first line of a block decides:

- ```` ```python ````: part of the page's program, which is all such blocks in order;
- ```` ```yaml file=specs/shop/schema.yaml ```` (any language): a file of the page's project;
- ```` ```console run ````: commands (after `$ `) to run in the folder of the project;
- ```` ```python no-run: REASON ````: neither run nor type-checked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ROOT / "codegen"
GENERATED = ROOT / "generated"
FENCE = re.compile(r"^( *)```(?P<info>[^`\n]+)\n(?P<text>.*?)^\1```$", re.MULTILINE | re.DOTALL)
SQLITE = re.compile(r"sqlite:///[\w.]+")
NO_RUN = re.compile(r"python no-run: \S.*")


@dataclass(frozen=True)
class Page:
    """A page at *path*."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the root of the project, as the id of a test case."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """The first line and the text of each fenced block."""
        text = self.path.read_text(encoding="utf-8")
        return [(match["info"].strip(), match["text"]) for match in FENCE.finditer(text)]

    @property
    def program(self) -> str:
        """The page's program; empty if it has none."""
        return "\n".join(text for info, text in self.blocks if info == "python")

    @property
    def files(self) -> dict[str, str]:
        """The texts of the page's project, by path."""
        found = [(info.partition(" file=")[2], text) for info, text in self.blocks if " file=" in info]
        return dict(found)

    @property
    def commands(self) -> list[str]:
        """The commands to run in the project, in order."""
        texts = [text for info, text in self.blocks if info == "console run"]
        return [line[2:] for text in texts for line in text.splitlines() if line.startswith("$ ")]

    @property
    def url(self) -> str | None:
        """The SQLite database of the page's program."""
        found = set(SQLITE.findall(self.program))
        assert len(found) <= 1, f"{self.name} has several databases: {found}"
        return found.pop() if found else None

    def path_in(self, folder: Path) -> list[Path]:
        """Return the source roots of the page's project, which is in *folder*."""
        if not self.files:
            return [CODE, GENERATED]
        folders = [folder / name for name in ("src", "generated") if (folder / name).is_dir()]
        own = [folder, *folders]
        return [CODE, *own] if "pyproject.toml" in self.files else [CODE, GENERATED, *own]

    def build(self, folder: Path) -> None:
        """Write the page's project to *folder*, and run its commands there."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for command in self.commands:
            environment = self.environment(folder)
            done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment of the page's commands and program."""
        paths = self.path_in(folder)
        if "pyproject.toml" in self.files:
            # As a reader has it: only what the commands themselves put on the path.
            paths = [CODE]
        return os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "pages"),
        }

    def run(self, folder: Path, project: Path, url: str | None = None) -> str:
        """Run the page's program in *folder*, on the database at *url*. Return what it prints."""
        text = self.program.replace(self.url, url) if self.url and url else self.program
        script = folder / "program.py"
        script.write_text(text, encoding="utf-8")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, self.path_in(project)))}
        command = [sys.executable, str(script)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{self.name}:\n{done.stdout}{done.stderr}"
        return done.stdout


PAGES = [Page(ROOT / "README.md"), *map(Page, sorted((ROOT / "docs").rglob("*.md")))]
"""The README, and every page of docs/."""
