"""`./shipmate bench secrets [--peers]`: recall, precision and speed on labelled files, beside other scanners (P14).

Everybody gets the same rendered files in the same run. The labels are ours: a secret-named key of a deploy file holds a
literal, also a weak one, which is not the question that general scanners were made for.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from guardrails.secrets import objections, secret_uses
from guardrails.verdict import Level
from tests.bench.peers import PACKAGES, Lines, installed, looked_at
from tests.corpora.secrets.rendering import samples
from tests.corpora.secrets.scoring import CORPORA, Score, score
from tests.stage.site import ROOT
from tools.scanner import Scanner

RECALL, PRECISION = 0.95, 0.93
ORDINARY = "asyncssh"
"""A dependency of ours: 1.7 MB of code about keys and passwords without a secret in it."""
Look = Callable[[Path], Lines]


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 where a goal is missed."""
    parser = argparse.ArgumentParser("shipmate bench secrets", description="Measure the search for secrets.")
    parser.add_argument("--peers", action="store_true", help="install the scanners to compare with, from the index")
    options = parser.parse_args(arguments)
    peers = installed(ROOT / ".shipmate" / "peers", install=options.peers)
    with tempfile.TemporaryDirectory() as scratch:
        looks: dict[str, Look] = {"shipmate": _ours(Path(scratch))}
        looks |= {name: _theirs(name, program) for name, program in peers.items()}
        return _measured(looks, Path(scratch))


def _measured(looks: dict[str, Look], scratch: Path) -> int:
    _say(f"{'':<16}{'corpus':<14}{'found':>10}{'wrong':>8}{'recall':>9}{'precision':>11}{'seconds':>9}")
    reached = True
    for corpus in CORPORA:
        root = _rendered(corpus, scratch / corpus)
        for name, look in looks.items():
            began = time.perf_counter()
            lines = look(root)
            seconds = time.perf_counter() - began
            result = score(corpus, lambda sample, lines=lines: lines.get(sample.path, set()))  # type: ignore[misc]
            _say(_row(name, corpus, result, seconds))
            reached = reached and (name != "shipmate" or (result.recall >= RECALL and result.precision >= PRECISION))
    for name, look in looks.items():
        _say(_noise(name, look))
    missing = sorted(set(PACKAGES) - looks.keys())
    if missing:
        _say(f"not measured, not installed: {', '.join(missing)} (--peers installs them)")
    _say(f"{'met   ' if reached else 'MISSED'} recall >= {RECALL} at precision >= {PRECISION} on every corpus")
    return 0 if reached else 1


def _row(name: str, corpus: str, result: Score, seconds: float) -> str:
    of = result.hit + len(result.missed)
    return (
        f"{name:<16}{corpus:<14}{f'{result.hit}/{of}':>10}{len(result.wrong):>8}{result.recall:>9.3f}"
        f"{result.precision:>11.3f}{seconds:>9.2f}"
    )


def _noise(name: str, look: Look) -> str:
    spec = find_spec(ORDINARY)
    root = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else ROOT
    size = sum(file.stat().st_size for file in root.rglob("*") if file.is_file() and file.suffix == ".py") / 1e6
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "code")
        for file in root.rglob("*.py"):
            place = copy / file.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
        began = time.perf_counter()
        found = sum(len(lines) for lines in look(copy).values())
        seconds = time.perf_counter() - began
    return f"{name:<16}ordinary code: {found} findings in {size:.1f} MB, {size / seconds:.1f} MB/s"


def _rendered(corpus: str, root: Path) -> Path:
    for sample in samples(corpus):
        file = root / sample.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(sample.content)
    return root


def _ours(scratch: Path) -> Look:
    scanner = Scanner(scratch / "scanner", b"k" * 32)
    scanner.scan_now([("warm", b"up")])  # the rules are compiled once per installation

    def look(root: Path) -> Lines:
        lines: dict[str, set[int]] = {}
        files = [(f"{file.relative_to(root)}", file.read_bytes()) for file in root.rglob("*") if file.is_file()]
        uses = [use for path, content in files for use in secret_uses(path, content, scanner.seal)]
        for one in objections(uses, scanner.scan_now(files)):
            if one.level is Level.BLOCKING:
                lines.setdefault(one.path, set()).add(one.line)
        return lines

    return look


def _theirs(name: str, program: Path) -> Look:
    return lambda root: looked_at(name, program, root)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the person who started it reads this
