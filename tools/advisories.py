"""Known weaknesses of dependencies, as `npm audit --json` and `pip-audit --format json` tell them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.reports import Severity
from tools.errors import Garbled
from tools.json_report import number, part, read_object, words

_GITHUB = re.compile(r"GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advisory:
    """One known weakness of one package."""

    package: str
    ids: tuple[str, ...]
    """The id that people know it by first, then its aliases; empty where the report names none."""
    severity: Severity | None
    """None: the report does not tell."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class AdvisoryReport:
    """What an audit found, and what it could not look at."""

    advisories: tuple[Advisory, ...]
    audited: int
    """Packages that were looked at."""
    unaudited: Mapping[str, str]
    """Package that was left out -> why."""


def read_npm_audit(content: bytes) -> AdvisoryReport:
    """Read what `npm audit --json` of npm 7 and later writes; raises `Garbled` for what is none."""
    document = read_object(content, "npm audit")
    if document.get("error"):
        told = words(document.get("message")) or words(part(document, "error", "summary")) or "no reason given"
        raise Garbled(f"npm could not audit: {told}.")
    packages = document.get("vulnerabilities")
    counted = part(document, "metadata", "vulnerabilities", "total")
    audited = number(part(document, "metadata", "dependencies", "total"))
    if document.get("auditReportVersion") != 2 or not isinstance(packages, dict) or audited is None:  # noqa: PLR2004
        raise Garbled("The npm audit report is none of version 2, which npm 7 and later write.")
    if number(counted) != len(packages):
        raise Garbled(f"The npm audit report counts {words(str(counted))} weak packages and names {len(packages)}.")
    return AdvisoryReport(tuple(_of_npm(packages)), int(audited), {})


def read_pip_audit(content: bytes) -> AdvisoryReport:
    """Read what `pip-audit --format json` writes, which tells no severities; raises `Garbled` for what is none."""
    packages = read_object(content, "pip-audit").get("dependencies")
    if not isinstance(packages, list) or not all(isinstance(one, dict) and words(one.get("name")) for one in packages):
        raise Garbled("The pip-audit report does not list dependencies by name.")
    skipped = {words(one["name"]): words(one["skip_reason"]) for one in packages if "skip_reason" in one}
    looked_at = [one for one in packages if "skip_reason" not in one]
    return AdvisoryReport(tuple(_of_pip(looked_at)), len(looked_at), skipped)


def _of_npm(packages: Mapping[str, Any]) -> Iterator[Advisory]:
    """Tell each advisory once; a package that is weak by another one adds none, unless no advisory explains it."""
    told: dict[tuple[str, tuple[str, ...], str], Advisory] = {}
    for name, entry in packages.items():
        for via in _list(part(entry, "via")):
            if isinstance(via, dict):
                one = _npm_advisory(name, via)
                told.setdefault((one.package, one.ids, one.title), one)
    yield from told.values()
    for name in sorted(packages.keys() - _explained(packages)):
        yield Advisory(words(name), (), _severity(part(packages[name], "severity")), "no advisory explains it")


def _npm_advisory(name: str, via: Mapping[str, Any]) -> Advisory:
    known = _GITHUB.search(words(via.get("url")))
    source = via.get("source")
    ids = (known.group() if known else "", words(str(source)) if isinstance(source, int | str) else "")
    package = words(via.get("name")) or words(name)
    return Advisory(package, tuple(filter(None, ids)), _severity(via.get("severity")), words(via.get("title")))


def _explained(packages: Mapping[str, Any]) -> set[str]:
    """Name the packages that have an advisory, or are weak by one that has, however far away."""
    weak_by: dict[str, list[str]] = {}
    for name, entry in packages.items():
        for cause in filter(_is_text, _list(part(entry, "via"))):
            weak_by.setdefault(cause, []).append(name)
    open_ends = [name for name, entry in packages.items() if any(map(_is_object, _list(part(entry, "via"))))]
    found = set(open_ends)
    while open_ends:
        for name in weak_by.get(open_ends.pop(), ()):
            if name not in found:
                found.add(name)
                open_ends.append(name)
    return found


def _of_pip(packages: Iterable[Mapping[str, Any]]) -> Iterator[Advisory]:
    for package in packages:
        weaknesses = package.get("vulns")
        if not isinstance(weaknesses, list) or not all(map(_is_object, weaknesses)):
            raise Garbled(f"The pip-audit report does not say what is known of {words(package['name'])}.")
        for one in weaknesses:
            ids = (words(one.get("id")), *map(words, _list(one.get("aliases"))))
            yield Advisory(words(package["name"]), tuple(filter(None, ids)), None, words(one.get("description"))[:100])


def _severity(value: Any) -> Severity | None:
    return Severity(value) if isinstance(value, str) and value in set(Severity) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)
