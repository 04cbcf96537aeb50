"""What earlier runs of a commit have shown and made: the suites it passed, and the images built from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from agents.events import Built, SuiteRan
from agents.toolbox import Toolbox
from guardrails.scope import Scope
from tools.builds import BuiltImage
from tools.errors import NotFound
from tools.history.journal import Entry

_GOOD = frozenset({"passed", "warning"})


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a commit before its tests, and the suites that it still has to pass."""

    tested: str
    """passed or warning; empty: not yet."""
    suites: tuple[str, ...] = ()


async def proven(commit: str, chosen: Scope, tools: Toolbox) -> Proof | str:
    """Show that a commit passed every suite that its change needs, and that its images exist; or say what lacks."""
    past = await _past(commit, tools)
    ran = _newest(past, SuiteRan, "name")
    unproven = sorted(name for name in chosen.run if name not in ran or ran[name].body["outcome"] not in _GOOD)
    if unproven:
        told = ", ".join(_told(name, ran) for name in unproven)
        return f"This commit has not passed every suite: {told}. A release with --skip-deploy tests and builds it."
    missing = [name for name in chosen.build if not await _exists(name, past, tools)]
    if missing:
        told = ", ".join(missing)
        return (
            f"No image of this commit is in its registry for {told}. A release with --skip-deploy tests and builds it."
        )
    for name in chosen.run:
        kind, told = tools.service.suites[name].kind, f"Passed on this commit in {ran[name].release}."
        await tools.report(SuiteRan(name, kind, "skipped", 0, (), None, 0, told))
    warned = any(ran[name].body["outcome"] == "warning" for name in chosen.run)
    return Proof("warning" if warned else "passed")


async def taken_over(component: str, commit: str, tools: Toolbox) -> BuiltImage:
    """Fetch the image that an earlier run built of a component; raises `NotFound` where it is gone."""
    entry = _newest(await _past(commit, tools), Built, "component").get(component)
    reference, digest = (str(entry.body["image"]), str(entry.body["digest"])) if entry else ("", "")
    image = await tools.images.pull(reference) if entry else None
    if image is None or f"{reference.rpartition(':')[0]}@{digest}" not in image.digests:
        raise NotFound(
            f"The image of {component} that an earlier run built from {commit[:12]} is gone.",
            remedy="Release the version without --deploy-only: it is built again.",
        )
    return BuiltImage(reference, image.id, image.size_bytes, timedelta(0), digest)


async def _past(commit: str, tools: Toolbox) -> Sequence[Entry]:
    """List what runs of a commit told of suites and images, oldest run first."""
    releases = await tools.store.releases.of_commit(tools.service.service, commit)
    names = [release.id for release in releases if release.id != tools.release_id]
    entries = await tools.store.journal.of_many(names, {SuiteRan.KIND, Built.KIND})
    return sorted(entries, key=lambda entry: entry.seq)


def _newest(past: Sequence[Entry], kind: type[SuiteRan | Built], key: str) -> Mapping[str, Entry]:
    """Sort events by what they are about; of each the newest counts, where it was not skipped."""
    counted = (entry for entry in past if entry.kind == kind.KIND and entry.body.get("outcome") != "skipped")
    return {str(entry.body[key]): entry for entry in counted}


async def _exists(component: str, past: Sequence[Entry], tools: Toolbox) -> bool:
    entry = _newest(past, Built, "component").get(component)
    if entry is None:
        return False
    repository, _, tag = str(entry.body["image"]).rpartition(":")
    return await tools.registry.digest(repository, tag) == str(entry.body["digest"])


def _told(suite: str, ran: Mapping[str, Entry]) -> str:
    return f"{suite} ({ran[suite].body['outcome']} in {ran[suite].release})" if suite in ran else f"{suite} (never ran)"
