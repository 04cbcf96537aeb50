"""What the reports of a suite come to, held against what an operator demands of them. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.reports import AdvisoryPolicy, AllowedAdvisory, PageLimits, Severity
from tools.advisories import Advisory, AdvisoryReport
from tools.pages import PageReport

MOST_NAMED = 20
_ORDER = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report, and its limit where it has one."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        """Tell whether the number keeps within its limit."""
        above = self.at_most is not None and self.value > self.at_most
        return not above and (self.at_least is None or self.value >= self.at_least)

    def __str__(self) -> str:
        """Write it for people: `LCP 2710 ms (at most 2500)`."""
        low = f" (at least {self.at_least:g})" if self.at_least is not None else ""
        high = f" (at most {self.at_most:g})" if self.at_most is not None else ""
        return f"{self.name} {self.value:.6g}{f' {self.unit}' * bool(self.unit)}{low}{high}"


@dataclass(frozen=True, slots=True)
class Weighed:
    """What one report means: why the suite failed, or what is only a warning, and what stands behind it."""

    objection: str = ""
    warning: str = ""
    figures: tuple[Figure, ...] = ()
    failures: tuple[str, ...] = ()
    """What the objection counts, one by one; the last entry may say how many more there are."""
    remarks: tuple[str, ...] = ()
    """What else was found: what is only a warning, and what an exception lets pass."""
    found: bool = False
    """The program had reason to end with an exit code other than 0."""


def weigh_page(report: PageReport, limits: PageLimits) -> Weighed:
    """Hold a page against its limits; a limited number that the report does not tell is not met."""
    wanted = (
        (Figure("score", report.score or 0, at_least=limits.score), report.score, limits.score),
        (_time("LCP", report.lcp_ms, limits.lcp), report.lcp_ms, limits.lcp),
        (_time("FID", report.fid_ms, limits.fid), report.fid_ms, limits.fid),
        (Figure("CLS", report.cls or 0, at_most=limits.cls), report.cls, limits.cls),
    )
    figures = tuple(figure for figure, told, _ in wanted if told is not None)
    missing = [figure.name for figure, told, limit in wanted if told is None and limit is not None]
    missed = [str(figure) for figure in figures if not figure.met]
    told = [f"The page misses its limits: {', '.join(missed)}."] * bool(missed)
    told += [f"The Lighthouse report does not tell {', '.join(missing)}."] * bool(missing)
    return Weighed(objection=" ".join(told), figures=figures)


def weigh_advisories(report: AdvisoryReport, policy: AdvisoryPolicy, today: date) -> Weighed:
    """Fail what is severe enough, warn of the rest and of what nobody looked at; an exception counts until its day."""
    allowed = {one.id.casefold(): one for one in policy.allowed}
    judged = [(one, one.severity or policy.unknown, _exception(one, allowed)) for one in report.advisories]
    judged.sort(key=lambda found: (-_ORDER.index(found[1]), found[0].package, found[0].ids))
    counting = [one for one in judged if not _holds(one[2], today)]
    failing = [one for one in counting if _ORDER.index(one[1]) >= _ORDER.index(policy.fail_from)]
    milder = counting[len(failing) :]  # the worst come first
    passed = [one for one in judged if _holds(one[2], today)]
    left_out = sorted(report.unaudited.keys() - {*policy.unaudited})
    return Weighed(
        objection=_objection(len(failing), report, policy),
        warning=_warning(len(milder), left_out, policy),
        figures=_figures([severity for _, severity, _ in counting], policy),
        failures=_few([_line(*one, today) for one in failing]),
        remarks=_few(
            [
                *(_line(*one, today) for one in (*milder, *passed)),
                *(f"{name}: not audited, {report.unaudited[name] or 'no reason given'}" for name in left_out),
            ]
        ),
        found=bool(report.advisories or report.unaudited),
    )


def _time(name: str, measured_ms: float | None, limit: timedelta | None) -> Figure:
    return Figure(name, measured_ms or 0, "ms", at_most=None if limit is None else limit / timedelta(milliseconds=1))


def _exception(one: Advisory, allowed: Mapping[str, AllowedAdvisory]) -> AllowedAdvisory | None:
    known = [allowed[name.casefold()] for name in one.ids if name.casefold() in allowed]
    return max(known, key=lambda entry: entry.expires, default=None)


def _holds(exception: AllowedAdvisory | None, today: date) -> bool:
    return exception is not None and exception.expires >= today


def _objection(failing: int, report: AdvisoryReport, policy: AdvisoryPolicy) -> str:
    if failing:
        return f"{_advisories(failing)} of {_from(policy)}."
    return "" if report.audited else "It audited no package."


def _warning(milder: int, left_out: Sequence[str], policy: AdvisoryPolicy) -> str:
    told = [f"{_advisories(milder)} below {policy.fail_from}."] * bool(milder)
    told += [f"{len(left_out)} package{'s were' if len(left_out) > 1 else ' was'} not audited."] * bool(left_out)
    return " ".join(told)


def _figures(severities: Sequence[Severity], policy: AdvisoryPolicy) -> tuple[Figure, ...]:
    """Count by severity, worst first; what fails the suite may not occur at all."""
    counted = Counter(severities)
    failing = _ORDER.index(policy.fail_from)
    return tuple(
        Figure(one.value, counted[one], at_most=0 if _ORDER.index(one) >= failing else None)
        for one in reversed(_ORDER)
        if counted[one] or _ORDER.index(one) >= failing
    )


def _line(one: Advisory, severity: Severity, exception: AllowedAdvisory | None, today: date) -> str:
    name = f"{one.package}: {', '.join(one.ids) or 'no id'}"
    weight = severity if one.severity else f"severity unknown, counts as {severity}"
    title = f", {one.title}" if one.title else ""
    return f"{name} ({weight}){title}{_excepted(exception, today)}"


def _excepted(exception: AllowedAdvisory | None, today: date) -> str:
    if exception is None:
        return ""
    if not _holds(exception, today):
        return f". Its exception ended on {exception.expires}"
    return f". Allowed until {exception.expires}: {exception.reason}"


def _few(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_NAMED
    return (*lines[:MOST_NAMED], *([f"and {more} more"] if more > 0 else ()))


def _advisories(count: int) -> str:
    return f"{count} {'advisory' if count == 1 else 'advisories'}"


def _from(policy: AdvisoryPolicy) -> str:
    return f"severity {policy.fail_from} or worse"
