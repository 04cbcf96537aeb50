"""The findings, for people and for machines. Nothing leaves here before known secrets are masked."""

import json
from collections.abc import Callable, Sequence

from agents.entrypoints.checkup.check import Check, Group, State
from agents.entrypoints.figures import count

Redact = Callable[[str], str]
_LABELS = {State.OK: "ok", State.MISSING: "MISSING", State.OPTIONAL: "optional", State.UNKNOWN: "unknown"}
_LABEL_WIDTH = max(map(len, _LABELS.values()))


def is_ready(groups: Sequence[Group]) -> bool:
    """Tell whether nothing required is missing."""
    return not _number(groups, State.MISSING)


def text_report(groups: Sequence[Group], redact: Redact) -> str:
    """Write one aligned line per check, the remedy below what is not there, and a closing sentence."""
    width = max((len(check.name) for group in groups for check in group.checks), default=0)
    blocks = [
        "\n".join([plain(group.title, redact), *(_lines(check, width, redact) for check in group.checks)])
        for group in groups
    ]
    return "\n\n".join([*blocks, closing(groups)]) + "\n"


def json_report(groups: Sequence[Group], redact: Redact) -> str:
    """Write everything as one JSON object."""
    checks = [_record(group, check, redact) for group in groups for check in group.checks]
    return json.dumps({"ready": is_ready(groups), "checks": checks}, indent=2) + "\n"


def closing(groups: Sequence[Group]) -> str:
    """Sum up in a sentence, with the next command to type."""
    lacking, left_out = _number(groups, State.MISSING), _number(groups, State.OPTIONAL)
    untold = _number(groups, State.UNKNOWN)
    rest = [f"{count(left_out, 'optional thing')} left out"] if left_out else []
    rest += [f"{count(untold, 'thing')} could not be told"] if untold else []
    aside = f" ({', '.join(rest)})" if rest else ""
    if not lacking:
        return f"Everything that is required is there{aside}."
    verb = "is" if lacking == 1 else "are"
    return f"{count(lacking, 'thing')} {verb} missing{aside}: follow the arrows, then run `./shipmate doctor` again."


def plain(text: str, redact: Redact) -> str:
    """Make foreign words fit for a terminal line: one line, no control characters, no secrets."""
    return redact(" ".join("".join(sign if sign.isprintable() else " " for sign in text).split()))


def _lines(check: Check, width: int, redact: Redact) -> str:
    start = f"  {_LABELS[check.state]:<{_LABEL_WIDTH}}  {plain(check.name, redact):<{width}}  "
    line = f"{start}{plain(check.detail, redact)}".rstrip()
    if check.state is State.OK or not check.remedy:
        return line
    return f"{line}\n{' ' * len(start)}-> {plain(check.remedy, redact)}"


def _record(group: Group, check: Check, redact: Redact) -> dict[str, str]:
    texts = {"group": group.title, "name": check.name, "detail": check.detail, "remedy": check.remedy}
    return {**{key: plain(text, redact) for key, text in texts.items()}, "state": check.state.value}


def _number(groups: Sequence[Group], state: State) -> int:
    return sum(check.state is state for group in groups for check in group.checks)
