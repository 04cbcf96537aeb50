"""A canary against those that still run the old version: worse, no worse, or not enough to tell. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

from config.rollout import Canary
from guardrails.significance import larger, more_failures, shift

_HARDLY_EVER = 1e-4
"""A smaller chance is not told in digits."""


class Standing(StrEnum):
    """How the new version stands beside the old one."""

    WORSE = "worse"
    NO_WORSE = "no worse"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Answers:
    """What one address answered on one side."""

    failed: int = 0
    latencies_ms: tuple[float, ...] = ()
    """Of the good answers."""

    @property
    def asked(self) -> int:
        """Count all requests."""
        return self.failed + len(self.latencies_ms)

    def __add__(self, other: "Answers") -> "Answers":
        return Answers(self.failed + other.failed, (*self.latencies_ms, *other.latencies_ms))


@dataclass(frozen=True, slots=True)
class Requests:
    """What users asked one side, as its proxies counted; none where no proxy tells."""

    asked: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """All that is known of one side."""

    answers: Mapping[str, Answers] = field(default_factory=dict)
    """By address: what our own requests got."""
    users: Requests = Requests()


@dataclass(frozen=True, slots=True)
class Judged:
    """One comparison, in numbers."""

    standing: Standing
    told: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All comparisons together: one that is worse is enough."""

    findings: tuple[Judged, ...]

    @property
    def standing(self) -> Standing:
        """Weigh them."""
        found = {finding.standing for finding in self.findings}
        return next((one for one in (Standing.WORSE, Standing.UNCLEAR) if one in found), Standing.NO_WORSE)

    @property
    def told(self) -> tuple[str, ...]:
        """Tell each, those that are worse first."""
        return tuple(one.told for one in sorted(self.findings, key=lambda one: one.standing is not Standing.WORSE))


def compared(new: Side, old: Side, settings: Canary, share: float = 1.0) -> Comparison:
    """Compare errors and, address by address, latencies, with this share of the doubt that the settings allow.

    A difference counts where it is hardly chance, and large enough to matter to anybody.
    """
    addresses = sorted(new.answers.keys() | old.answers.keys())
    users = new.users.asked >= settings.answers and old.users.asked >= settings.answers
    doubt = (1 - settings.confidence / 100) * share / (1 + users + len(addresses))
    mine, theirs = _all(new.answers.values()), _all(old.answers.values())
    found = [_errors("own requests", mine, theirs, settings, doubt)]
    if users:
        found.append(_errors("requests of users", new.users, old.users, settings, doubt))
    found += [
        _latency(name, new.answers.get(name, Answers()), old.answers.get(name, Answers()), settings, doubt)
        for name in addresses
    ]
    return Comparison(tuple(found))


def share_of(look: int, looks: int) -> float:
    """Part the doubt among looks: half for the last one, the other half for all that may end the comparison early."""
    return 0.5 if look >= looks else 0.5 / max(1, looks - 1)


def _all(answers: Iterable[Answers]) -> Requests:
    known = list(answers)
    return Requests(sum(one.asked for one in known), sum(one.failed for one in known))


def _errors(what: str, new: Requests, old: Requests, settings: Canary, doubt: float) -> Judged:
    told = f"{what}: {_share(new)} failed, {_share(old)} before"
    if lacking := _lacking(new.asked, old.asked, settings):
        return Judged(Standing.UNCLEAR, f"{told}; {lacking}")
    points = 100 * (new.failed / new.asked - old.failed / old.asked)
    chance = more_failures(new.failed, new.asked, old.failed, old.asked)
    worse = chance < doubt and points >= settings.error_points
    return Judged(Standing.WORSE if worse else Standing.NO_WORSE, f"{told} ({_chance(chance)})")


def _latency(address: str, new: Answers, old: Answers, settings: Canary, doubt: float) -> Judged:
    mine, theirs = new.latencies_ms, old.latencies_ms
    if lacking := _lacking(len(mine), len(theirs), settings):
        return Judged(Standing.UNCLEAR, f"GET {address}: {lacking}")
    chance, usual = larger(mine, theirs), median(theirs)
    told = f"GET {address}: median {median(mine):.0f} ms, {usual:.0f} ms before ({_chance(chance)})"
    if chance >= doubt:
        return Judged(Standing.NO_WORSE, told)
    slower = shift(mine, theirs)
    least = max(settings.latency_floor.total_seconds() * 1000, (settings.latency_ratio - 1) * usual)
    return Judged(Standing.WORSE if slower >= least else Standing.NO_WORSE, f"{told}, {slower:.0f} ms slower")


def _lacking(new: int, old: int, settings: Canary) -> str:
    if min(new, old) >= settings.answers:
        return ""
    return f"not enough to tell: {new} answers of the new version, {old} of the old one, {settings.answers} are needed"


def _share(requests: Requests) -> str:
    percent = f" ({100 * requests.failed / requests.asked:.1f} %)" if requests.asked else ""
    return f"{requests.failed} of {requests.asked}{percent}"


def _chance(likely: float) -> str:
    return "by chance in less than 1 of 10,000 cases" if likely < _HARDLY_EVER else f"p {likely:.2g}"


def handicap(new: Mapping[str, Answers], old: Mapping[str, Answers]) -> dict[str, float]:
    """Tell by address how many milliseconds slower the canaries were while both sides ran the old version."""
    return dict(_handicaps(new, old))


def _handicaps(new: Mapping[str, Answers], old: Mapping[str, Answers]) -> Iterator[tuple[str, float]]:
    for address, answers in new.items():
        theirs = old.get(address, Answers()).latencies_ms
        if answers.latencies_ms and theirs:
            yield address, max(0.0, shift(answers.latencies_ms, theirs))
