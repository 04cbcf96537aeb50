"""What ArgoCD says about an application, read from its JSON. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.errors import Garbled
from tools.references import Reference

SYNCED, HEALTHY, DEGRADED = "Synced", "Healthy", "Degraded"
RUNNING = "Running"
BROKEN_PHASES = frozenset({"Failed", "Error"})
_ILL = frozenset({DEGRADED, "Missing", "Unknown", "Progressing"})


@dataclass(frozen=True, slots=True)
class Unwell:
    """A resource that is not as it should be, in ArgoCD's own words."""

    kind: str
    name: str
    status: str
    """Degraded, Missing, Progressing, SyncFailed ..."""
    message: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.status}" + (f" ({self.message})" if self.message else "")


@dataclass(frozen=True, slots=True)
class Operation:
    """The newest sync of an application."""

    phase: str
    """Running, Succeeded, Failed, Error or Terminating."""
    message: str
    revision: str
    started_at: str
    refused: tuple[Unwell, ...] = ()
    """Resources that the cluster did not take."""


@dataclass(frozen=True, slots=True)
class Application:
    """How an application stands."""

    name: str
    sync: str
    """Synced, OutOfSync or Unknown."""
    revision: str
    """Commit of the deployment repository that the cluster is compared with."""
    health: str
    """Healthy, Progressing, Degraded, Suspended, Missing or Unknown."""
    health_message: str
    images: tuple[str, ...]
    """Every image that runs, or is about to."""
    operation: Operation | None
    pending: bool
    """Whether a sync was asked for that has not begun."""
    conditions: tuple[str, ...]
    """Errors and warnings, such as `ComparisonError: ...`."""
    resources: tuple[Unwell, ...] = ()
    """Resources that are not well, as far as the application itself says."""

    @property
    def busy(self) -> bool:
        """Tell whether a sync is under way."""
        return self.pending or (self.operation is not None and self.operation.phase == RUNNING)

    @property
    def settled(self) -> bool:
        """Tell whether all is synced, healthy and quiet."""
        return self.sync == SYNCED and self.health == HEALTHY and not self.busy

    @property
    def told(self) -> str:
        """Say how it stands in half a sentence."""
        phase = f", sync {self.operation.phase.lower()}" if self.operation else ""
        return f"{self.sync} at {self.revision[:8] or 'no revision'}, {self.health}{phase}"

    def runs(self, wanted: str) -> bool:
        """Tell whether an image, `repository:tag` with or without a digest, is among those that run.

        The registry in front does not matter: clusters pull through mirrors.
        """
        reference = Reference.parse(wanted)
        return any(_same(Reference.parse(image), reference) for image in self.images if _is_reference(image))


def read_application(document: Any) -> Application:
    """Read an application; raises `Garbled` for what is none."""
    try:
        status: Mapping[str, Any] = document.get("status") or {}
        return Application(
            name=str(document["metadata"]["name"]),
            sync=str((status.get("sync") or {}).get("status") or "Unknown"),
            revision=str((status.get("sync") or {}).get("revision") or ""),
            health=str((status.get("health") or {}).get("status") or "Unknown"),
            health_message=str((status.get("health") or {}).get("message") or ""),
            images=tuple(map(str, (status.get("summary") or {}).get("images") or ())),
            operation=_operation(status.get("operationState")),
            pending=bool(document.get("operation")),
            conditions=tuple(f"{one['type']}: {one.get('message', '')}" for one in status.get("conditions") or ()),
            resources=_ill(status.get("resources") or ()),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise _strange() from error


def read_tree(document: Any) -> tuple[Unwell, ...]:
    """List the resources of an application's tree that are not well, pods and all."""
    try:
        return _ill(document.get("nodes") or ())
    except (AttributeError, KeyError, TypeError) as error:
        raise _strange() from error


def _ill(resources: Iterable[Mapping[str, Any]]) -> tuple[Unwell, ...]:
    found = ((one, one.get("health") or {}) for one in resources)
    return tuple(
        Unwell(str(one["kind"]), str(one["name"]), str(health["status"]), str(health.get("message") or ""))
        for one, health in found
        if health.get("status") in _ILL
    )


def _operation(state: Mapping[str, Any] | None) -> Operation | None:
    if not state:
        return None
    result = state.get("syncResult") or {}
    asked = (state.get("operation") or {}).get("sync") or {}
    return Operation(
        phase=str(state["phase"]),
        message=str(state.get("message") or ""),
        revision=str(result.get("revision") or asked.get("revision") or ""),
        started_at=str(state.get("startedAt") or ""),
        refused=tuple(
            Unwell(str(one["kind"]), str(one["name"]), str(one["status"]), str(one.get("message") or ""))
            for one in result.get("resources") or ()
            if one.get("status") == "SyncFailed"
        ),
    )


def _is_reference(image: str) -> bool:
    try:
        Reference.parse(image)
    except Garbled:
        return False
    return True


def _same(live: Reference, wanted: Reference) -> bool:
    if wanted.digest and live.digest:
        return live.digest == wanted.digest
    return live.tag is not None and (live.repository, live.tag) == (wanted.repository, wanted.tag)


def _strange() -> Garbled:
    return Garbled(
        "ArgoCD answered with something that is no application.",
        remedy="Check `argocd.url` of the target: it should be the address of the ArgoCD server itself.",
    )
