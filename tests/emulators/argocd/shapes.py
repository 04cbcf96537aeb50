"""The application and its resources in ArgoCD's own JSON."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.emulators.argocd.cluster import DEGRADED, HEALTHY, PROGRESSING, Application, Sync

Json = dict[str, Any]
NAMESPACE = "astrago"


def application(one: Application) -> Json:
    """Describe an application."""
    status: Json = {
        "sync": {"status": one.sync_status, "revision": one.revision},
        "health": {"status": one.health},
        "summary": {"images": sorted(one.images.values())},
        "resources": [_resource(one, name) for name in one.images],
        "sourceType": "Helm",
    }
    if one.sync:
        status["operationState"] = _operation(one.sync)
    if one.comparison_error:
        status["conditions"] = [{"type": "ComparisonError", "message": one.comparison_error}]
    source = {"repoURL": "https://github.com/acme/deployments", "path": str(one.file.parent)}
    policy: Json = {"automated": {}} if one.automated else {}
    return {
        "metadata": {"name": one.name, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": source | {"targetRevision": one.branch},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": policy,
        },
        "status": status,
    }


def tree(one: Application) -> Json:
    """Describe the resources, pods and all."""
    return {"nodes": [node for name in one.images for node in _nodes(one, name)]}


def error(code: int, message: str) -> Json:
    """Describe a refusal."""
    return {"error": message, "code": code, "message": message}


def _resource(one: Application, name: str) -> Json:
    """Describe a resource as the application does: since 3.0 without its health."""
    return _deployment(name) | {"status": one.sync_status}


def _nodes(one: Application, name: str) -> Iterator[Json]:
    ill = one.ills.get(name, "")
    status = DEGRADED if ill else PROGRESSING if one.starting else HEALTHY
    progress = f'Deployment "{name}" exceeded its progress deadline' if ill else ""
    yield _deployment(name) | {"health": _health(status, progress), "uid": f"deployment-{name}"}
    pod = {"kind": "Pod", "version": "v1", "namespace": NAMESPACE, "name": f"{name}-7d9c5b8f4-x2x7k"}
    yield pod | {"health": _health(status, ill), "images": [one.images[name]], "uid": f"pod-{name}"}


def _deployment(name: str) -> Json:
    return {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": NAMESPACE, "name": name}


def _health(status: str, message: str) -> Json:
    return {"status": status} | ({"message": message} if message else {})


def _operation(sync: Sync) -> Json:
    state: Json = {
        "phase": sync.phase,
        "message": sync.message,
        "startedAt": _when(sync.started),
        "operation": {"sync": {"revision": sync.revision}},
        "syncResult": {
            "revision": sync.revision,
            "resources": [
                _deployment(name) | {"status": "SyncFailed", "message": why, "syncPhase": "Sync"}
                for name, why in sync.refused.items()
            ],
        },
    }
    return state | ({"finishedAt": _when(sync.finished)} if sync.finished else {})


def _when(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
