"""The reports that a suite names beside its tests and its coverage: found, read and weighed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

from config.sources import Suite
from tools.advisories import read_npm_audit, read_pip_audit
from tools.errors import Garbled
from tools.pages import read_lighthouse
from tools.report_weights import Weighed, weigh_advisories, weigh_page

_WEIGH: Mapping[str, Callable[[bytes, Suite, date], Weighed]] = {
    "Lighthouse": lambda content, suite, _: weigh_page(read_lighthouse(content), suite.page),
    "npm audit": lambda content, suite, today: weigh_advisories(read_npm_audit(content), suite.advisories, today),
    "pip-audit": lambda content, suite, today: weigh_advisories(read_pip_audit(content), suite.advisories, today),
}


def report_paths(suite: Suite) -> dict[str, PurePosixPath]:
    """Name what a suite shall write beside JUnit and Cobertura, by the program that writes it."""
    named = {"Lighthouse": suite.lighthouse, "npm audit": suite.npm_audit, "pip-audit": suite.pip_audit}
    return {name: path for name, path in named.items() if path is not None}


def weighed(suite: Suite, found: Mapping[str, bytes | None], today: date) -> Iterator[Weighed]:
    """Weigh every report that a suite names; one that is missing or broken is an objection."""
    for name, path in report_paths(suite).items():
        content = found.get(name)
        if content is None:
            yield Weighed(objection=f"It left no {name} report at {path}.")
            continue
        try:
            yield _told_apart(name, _WEIGH[name](content, suite, today), suite)
        except Garbled as error:
            yield Weighed(objection=error.happened)


def _told_apart(name: str, one: Weighed, suite: Suite) -> Weighed:
    """Name the numbers by their audit where a suite has both."""
    if not (suite.npm_audit and suite.pip_audit) or name not in {"npm audit", "pip-audit"}:
        return one
    return replace(one, figures=tuple(replace(figure, name=f"{name} {figure.name}") for figure in one.figures))
