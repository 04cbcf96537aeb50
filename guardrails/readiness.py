"""What a host must have before people are asked: its env file with what compose demands, and a way to the image."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from guardrails.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Readiness:
    """One host, as it was found."""

    host: str
    env_file: str | None
    """Full path of the env file; None where none is needed."""
    names: Collection[str] | None
    """Names that the env file sets; None where there is no such file."""
    shut_out: Collection[tuple[str, str, str]] = ()
    """Registries that do not let the host in: address, reason, remedy."""


def host_ready(seen: Readiness, demanded: Collection[str]) -> Verdict:
    """Object to a host that would fail in the middle of the deploy for want of a file, a name or a login.

    `demanded` are the variables without which compose would not start the service.
    """
    return Verdict.of((*_env_file(seen, demanded), *_logins(seen)))


def _env_file(seen: Readiness, demanded: Collection[str]) -> Iterator[Finding]:
    if seen.env_file is None:
        return
    if seen.names is None:
        names = f" with {', '.join(sorted(demanded))}" if demanded else ""
        yield Finding(
            rule="env-file-absent",
            subject=f"{seen.host}: {seen.env_file}",
            message=f"{seen.env_file} is not on {seen.host}.",
            remedy=f"Create it there, mode 0600{names}; or set `target.env_file` to null if none is needed.",
        )
        return
    for name in set(demanded) - set(seen.names):
        yield Finding(
            rule="variable-not-given",
            subject=f"{seen.host}: {name}",
            message=f"The compose file demands {name}, and {seen.env_file} on {seen.host} does not set it.",
            remedy=f"Add {name} to {seen.env_file} on {seen.host}.",
        )


def _logins(seen: Readiness) -> Iterator[Finding]:
    for registry, reason, remedy in seen.shut_out:
        yield Finding(rule="registry-login", subject=f"{seen.host}: {registry}", message=reason, remedy=remedy)
