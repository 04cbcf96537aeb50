"""What ArgoCD says of an application, judged: before a release touches it, and while its outcome is watched."""

from collections.abc import Iterator, Mapping, Sequence

from guardrails.verdict import Finding, Level, Verdict
from tools.argocd_answers import DEGRADED, HEALTHY, SYNCED, Application

_BROKEN = frozenset({DEGRADED, "Missing"})


def cluster_ready(name: str, seen: Application | None, stands: Mapping[str, str]) -> Verdict:
    """Remark on an application that is not settled, or runs something else than the file says.

    `stands` maps components to their images as the file names them. None of it stops a release: it may be the cure.
    """
    return Verdict.of(_before(name, seen, stands)) if seen else Verdict()


def cluster_well(name: str, looks: Sequence[Application | None], images: Sequence[str]) -> Verdict:
    """Judge a whole window: never degraded, and at its end synced, healthy and running the images.

    None is a look that ArgoCD did not answer; one that it never answers is remarked, since the endpoints were watched.
    """
    answered = [seen for seen in looks if seen is not None]
    if not answered:
        message = "ArgoCD did not answer while the release was watched; only the endpoints were."
        return Verdict.of([_finding("argocd-silent", name, message, Level.WARNING)])
    return Verdict.of([*_degraded(name, answered), *_at_the_end(name, answered[-1], images)])


def degraded(looks: Sequence[Application | None]) -> bool:
    """Tell whether watching on is useless."""
    return any(seen is not None and seen.health in _BROKEN for seen in looks)


def _before(name: str, seen: Application, stands: Mapping[str, str]) -> Iterator[Finding]:
    if not seen.settled:
        more = f" {'; '.join(seen.conditions)}" if seen.conditions else ""
        message = f"Before the release {name} is not well: {seen.told}.{more}"
        yield _finding("argocd-unsettled", name, message, Level.WARNING)
    for component, image in stands.items():
        if not seen.runs(image):
            message = f"The file says {image}, and the cluster does not run it."
            yield _finding("image-not-live", f"{name}: {component}", message, Level.WARNING)


def _degraded(name: str, looks: Sequence[Application]) -> Iterator[Finding]:
    ill = next((seen for seen in looks if seen.health in _BROKEN), None)
    if ill:
        why = "; ".join(map(str, ill.resources)) or ill.health_message
        told = f"{name} became {ill.health}" + (f": {why}" if why else "")
        yield _finding("argocd-degraded", name, f"{told}.")


def _at_the_end(name: str, last: Application, images: Sequence[str]) -> Iterator[Finding]:
    missing = [image for image in images if not last.runs(image)]
    if missing:
        yield _finding("image-not-live", name, f"The cluster does not run {', '.join(missing)}.")
    elif (last.sync, last.health) != (SYNCED, HEALTHY) and last.health not in _BROKEN:
        message = f"At the end of the watch {name} is {last.told}; another change may be on its way."
        yield _finding("argocd-unsettled", name, message, Level.WARNING)


def _finding(rule: str, subject: str, message: str, level: Level = Level.BLOCKING) -> Finding:
    remedy = "Look at the application in ArgoCD; its resources say what they lack."
    return Finding(rule=rule, subject=subject, message=message, remedy=remedy, level=level)
