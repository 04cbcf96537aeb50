"""An escalation as JSON: what the card shows, for whoever reads the status or the export."""

from typing import Any

from agents import events
from agents.entrypoints.view import ReleaseView, fold
from tools.history import Store
from tools.history.targets import Target


async def escalation_of(store: Store, target: Target) -> dict[str, Any] | None:
    """Give the escalation that locked a target, or else of its last failure in a row; None where all is well."""
    last = target.recent_failures[-1]["release"] if target.recent_failures else None
    release = await store.releases.get(str(target.locked_by or last)) if target.locked_by or last else None
    if release is None:
        return None
    return escalation_json(fold(release, await store.journal.of(release.id)))


def escalation_json(view: ReleaseView) -> dict[str, Any] | None:
    """Give the escalation of a release; None where it did not fail."""
    escalated = view.one(events.Escalated)
    if escalated is None:
        return None
    taken, resolved = view.one(events.Acknowledged), view.one(events.Resolved)
    return {
        "pipeline_id": view.release.id,
        "level": escalated.level,
        "count": escalated.count,
        "called": escalated.level == "locked" and escalated.announce,
        "at": _moment(view, escalated.key),
        "report": dict(escalated.report),
        "reminders": len(view.every(events.Reminded)),
        "acknowledged": {"by": taken.person, "at": _moment(view, taken.key)} if taken else None,
        "resolved": {
            "how": resolved.how,
            "by": resolved.by,
            "version": resolved.version,
            "at": _moment(view, resolved.key),
        }
        if resolved
        else None,
    }


def _moment(view: ReleaseView, key: str) -> str | None:
    at = view.moments.get(key)
    return at.isoformat() if at else None
