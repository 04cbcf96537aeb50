"""Resource limits: what the compose file gives must be what the service declares, compared as numbers."""

from collections.abc import Callable, Iterator

from config.contracts import Limits
from guardrails.verdict import Finding, Verdict
from tools.compose_file import ComposeService
from tools.compose_values import cpus, memory_bytes

_READ: dict[str, tuple[str, Callable[[str | None], float | None]]] = {
    "cpus": ("limits.cpus", cpus),
    "cpus_reserved": ("reservations.cpus", cpus),
    "memory": ("limits.memory", memory_bytes),
    "memory_reserved": ("reservations.memory", memory_bytes),
}


def limits_kept(service: ComposeService, limits: Limits) -> Verdict:
    """Object to each declared limit or reservation that the compose file lacks or contradicts."""
    return Verdict.of(finding for field in _READ for finding in _compared(service, limits, field))


def _compared(service: ComposeService, limits: Limits, field: str) -> Iterator[Finding]:
    key, read = _READ[field]
    declared, actual = getattr(limits, field), getattr(service, field)
    if declared is None:
        return
    try:
        wanted = read(declared)
    except ValueError as fault:
        yield _finding(
            "limit-unreadable", service, key, f"The declared limit {fault}.", "Correct it in the service's file."
        )
        return
    remedy = f"Set deploy.resources.{key} to {declared} for {service.name}."
    if actual is None:
        yield _finding("limit-missing", service, key, f"{key} {declared} is declared, but not set.", remedy)
    elif actual != wanted:
        yield _finding("limit-differs", service, key, f"{key} is {actual}, declared is {declared} ({wanted}).", remedy)


def _finding(rule: str, service: ComposeService, key: str, message: str, remedy: str) -> Finding:
    return Finding(rule=rule, subject=f"{service.name}: {key}", message=message, remedy=remedy)
