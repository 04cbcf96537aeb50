"""What mounts really lie on, once the host was looked at: links followed, memory and foreign owners recognised."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from guardrails.mount_safety import path_safe
from guardrails.mounts import backing, clean, volatile, within
from guardrails.verdict import Finding, Level, Verdict
from tools.compose_file import ComposeFile, Mount
from tools.places import Place


def sources_sound(
    compose: ComposeFile,
    service: str,
    directory: PurePosixPath,
    seen: Mapping[str, Place | None],
    *,
    persist: Collection[str] = (),
    user: str = "",
) -> Verdict:
    """Judge what a service mounts from the host by what was seen there.

    `seen` should have the directory itself, too: a service that lies in memory as a whole is not told so again.
    `user` is who the service runs as; only of a number is it known what it may write.
    """
    own = seen.get(str(directory))
    found: list[Finding] = []
    for mount in compose.services[service].mounts if service in compose.services else ():
        kept = backing(mount, compose.volumes, directory)
        place = seen.get(kept.host_path) if kept.host_path else None
        if place is not None:
            subject = f"{service}: {mount.target}"
            found += [f for f in path_safe(subject, mount, place.real, directory) if f.level is Level.BLOCKING]
            if not mount.read_only:
                found += _lasting(subject, mount, place, persist, directory if own is None else PurePosixPath(own.real))
                found += _writable(subject, kept.host_path, place, user)
    in_memory = own is not None and own.in_memory
    return Verdict.of(one for one in found if not (in_memory and one.rule == "source-in-memory"))


def _lasting(
    subject: str, mount: Mount, place: Place, persist: Collection[str], directory: PurePosixPath
) -> Iterator[Finding]:
    if not place.in_memory and not volatile(place.real, directory):
        return
    target = clean(mount.target)
    needed = any(within(path, target) or within(target, path) for path in persist)
    yield Finding(
        rule="source-in-memory" if place.in_memory else "source-volatile",
        subject=subject,
        message=f"What is at {target} lies in {place.real} ({place.filesystem}), which the host empties itself.",
        remedy=f"Keep it on a disk, below {directory}.",
        level=Level.BLOCKING if needed else Level.WARNING,
    )


def _writable(subject: str, source: str, place: Place, user: str) -> Iterator[Finding]:
    uid, _, gid = user.partition(":")
    if not uid.isdecimal() or place.writable_by(int(uid), int(gid) if gid.isdecimal() else 0):
        return
    yield Finding(
        rule="source-not-writable",
        subject=subject,
        message=f"{source} belongs to {place.uid}:{place.gid} with mode {place.mode:o}, so the service, which runs as "
        f"{user}, could not write there.",
        remedy=f"On the host: `chown {user} {source}`, or mount it read-only.",
        level=Level.WARNING,
    )
