"""What a host must have before people are asked: its env file with what compose demands, and the image itself."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from guardrails.verdict import Finding, Level, Verdict


@dataclass(frozen=True, slots=True)
class Readiness:
    """One host, as it was found."""

    host: str
    env_file: str | None
    """Full path of the env file; None where none is needed."""
    names: Collection[str] | None
    """Names that the env file sets; None where there is no such file."""
    unmasked: Collection[str] = ()
    """Names of secrets in it that no log can be kept free of."""
    given_by: str | None = None
    """Variable of the bot's environment that the env file is written from; None where it is the host's own."""


@dataclass(frozen=True, slots=True)
class Unshipped:
    """An image that a host could not get, and why."""

    host: str
    reference: str
    reason: str
    remedy: str
    refused: bool = False
    """Whether the registry did not let the host in."""


def host_ready(seen: Readiness, demanded: Collection[str]) -> Verdict:
    """Object to a host that would fail in the middle of the deploy for want of a file or a name.

    `demanded` are the variables without which compose would not start the service.
    """
    return Verdict.of([*_env_file(seen, demanded), *_unmasked(seen)])


def images_shipped(missing: Iterable[Unshipped]) -> Verdict:
    """Object to hosts without the image that they are to run: the deploy would wait for it, or end for want of it."""
    return Verdict.of(
        Finding(
            rule="registry-login" if one.refused else "image-not-shipped",
            subject=f"{one.host}: {one.reference}",
            message=one.reason,
            remedy=one.remedy or f"On {one.host}, try it by hand: `docker pull {one.reference}`",
        )
        for one in missing
    )


def _env_file(seen: Readiness, demanded: Collection[str]) -> Iterator[Finding]:
    if seen.env_file is None:
        return
    if seen.names is None and seen.given_by:
        yield _not_given(seen.given_by, seen)
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
            message=f"The compose file demands {name}, and {_source(seen)} does not set it.",
            remedy=f"Add {name} to {_source(seen)}.",
        )


def _source(seen: Readiness) -> str:
    """Name where a person would set a variable."""
    return seen.given_by or f"{seen.env_file} on {seen.host}"


def _not_given(variable: str, seen: Readiness) -> Finding:
    return Finding(
        rule="env-file-not-given",
        subject=f"{seen.host}: {seen.env_file}",
        message=f"{variable} is not set, so {seen.env_file} cannot be written on {seen.host}.",
        remedy=f"Set {variable} in the bot's environment to the content of the service's env file, and start the bot "
        "again; or set `target.env_from` to null, and keep the file on the host.",
    )


def _unmasked(seen: Readiness) -> Iterator[Finding]:
    for name in seen.unmasked:
        yield Finding(
            rule="secret-not-maskable",
            subject=f"{seen.host}: {name}",
            message=f"The secret {name} on {seen.host} is too short or too plain: a log that prints it shows it.",
            remedy=f"Choose a longer one for {name}, 8 different characters or more, and set it in {_source(seen)}.",
            level=Level.WARNING,
        )
