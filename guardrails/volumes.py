"""Storage as the compose file declares it: what must outlive a container must not live in it.

`continuity.py` compares the file with what runs now, and `written.py` with what the program
really writes.
"""

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from config.contracts import PathContract
from guardrails.mount_safety import mounts_safe
from guardrails.mounts import backing, clean, covering, mounts_of, resolved, volatile, within
from guardrails.verdict import Finding, Verdict
from tools.compose_file import ComposeFile, ComposeService, Mount, Volume


def storage_kept(
    compose: ComposeFile,
    services: Collection[str],
    paths: PathContract,
    directory: PurePosixPath,
    image_volumes: Mapping[str, Collection[str]] | None = None,
) -> Verdict:
    """Judge the storage of the named compose services, installed in `directory` on the host.

    `image_volumes` maps a compose service to the VOLUME paths of its image, where they are known.
    """
    present = [compose.services[name] for name in sorted(set(services) & set(compose.services))]
    found: list[Finding] = [_absent(name) for name in set(services) - set(compose.services)]
    for path in paths.persist:
        found.extend(_persisted(path, present, compose.volumes, directory))
        found.extend(_hollowed(path, present, compose.volumes, paths.ephemeral))
    for source, target in paths.mounts.items():
        found.extend(_mapped(_Declared(source, target, compose.volumes, directory), present))
    for service in present:
        found.extend(_image_volumes(service, (image_volumes or {}).get(service.name, ())))
    safe = (mounts_safe(service, compose.volumes, directory) for service in present)
    return sum(safe, start=Verdict.of(found))


def sources_present(
    compose: ComposeFile, services: Collection[str], directory: PurePosixPath, present: Mapping[str, bool | None]
) -> Verdict:
    """Object to binds and external volumes whose source the host does not have (or nobody could look).

    `present` maps host paths and full volume names to what was seen; directories that the
    deploy itself creates count as seen.
    """
    mounts = {
        (name, backing(mount, compose.volumes, directory))
        for name in set(services) & set(compose.services)
        for mount in compose.services[name].mounts
    }
    return Verdict.of(
        Finding(
            rule="mount-source-absent",
            subject=f"{name}: {place}",
            message=f"{kept.kind} {place} is not on the host: the engine would start with an empty one or not at all.",
            remedy=f"Create {place} on the host, or list it in the target's `directories`.",
        )
        for name, kept in mounts
        for place in [kept.host_path or kept.name]
        if (kept.host_path or kept.kind == "external") and not present.get(place)
    )


def _absent(service: str) -> Finding:
    return Finding(
        rule="service-absent",
        subject=service,
        message=f"The compose file has no service {service}.",
        remedy="Correct `compose_service` of the component, or the compose file.",
    )


def _persisted(
    path: str, services: list[ComposeService], volumes: Mapping[str, Volume], directory: PurePosixPath
) -> Iterator[Finding]:
    """Object unless one of the services keeps the path on storage that it can write."""
    faults = [_loss(path, covering(path, service), volumes, directory) for service in services]
    if not faults or None in faults:
        return
    rule, message = next(fault for fault in faults if fault is not None)
    remedy = f"Mount a named volume or a host directory, writable, at {path}."
    yield Finding(rule=rule, subject=path, message=message, remedy=remedy)


def _hollowed(
    path: str, services: list[ComposeService], volumes: Mapping[str, Volume], ephemeral: Collection[str]
) -> Iterator[Finding]:
    """Object to a mount below a path that must persist, on which a part of its data would be lost."""
    for service in services:
        for mount in mounts_of(service):
            target, kept = clean(mount.target), backing(mount, volumes, PurePosixPath("/"))
            below = target != clean(path) and within(target, path)
            if below and not kept.outlives and not any(fnmatchcase(target, glob) for glob in ephemeral):
                yield Finding(
                    rule=f"persist-on-{kept.kind}",
                    subject=f"{service.name}: {target}",
                    message=f"{path} must outlive the container, but {target} in it lies on {kept}.",
                    remedy=f"Drop the mount at {target}, or list {target} under `paths.ephemeral`.",
                )


def _loss(
    path: str, mount: Mount | None, volumes: Mapping[str, Volume], directory: PurePosixPath
) -> tuple[str, str] | None:
    """Tell how a path that must persist would lose data, or None where it would not."""
    if mount is None:
        return "persist-not-mounted", f"{path} must outlive the container, but no mount covers it."
    kept = backing(mount, volumes, directory)
    if not kept.outlives:
        return f"persist-on-{kept.kind}", f"{path} must outlive the container, but lies on {kept} at {mount.target}."
    if kept.host_path and volatile(kept.host_path, directory):
        return "persist-on-volatile", f"{path} must be kept, but {kept.host_path} is emptied by the host itself."
    if mount.read_only:
        return "persist-read-only", f"{path} must be kept, but the mount at {mount.target} is read-only."
    return None


class _Declared:
    """A mount that the operator declares: both ways in which its source may be meant."""

    def __init__(self, source: str, target: str, volumes: Mapping[str, Volume], directory: PurePosixPath) -> None:
        self.source, self.target = source, clean(target)
        self._directory, self._path = directory, resolved(source, directory)
        self._volumes = volumes

    def has_source(self, mount: Mount) -> bool:
        """Tell whether a mount has the declared source, as a host path or as a volume."""
        kept = backing(mount, self._volumes, self._directory)
        by_path = kept.kind == "bind" and kept.name == self._path
        return by_path or (mount.kind == "volume" and self.source in {mount.source, kept.name})


def _mapped(declared: _Declared, services: list[ComposeService]) -> Iterator[Finding]:
    """Object to a declared mount that is absent, or whose source or place is another."""
    mounts = [mount for service in services for mount in service.mounts]
    at_target = [mount for mount in mounts if clean(mount.target) == declared.target]
    if not services or any(declared.has_source(mount) for mount in at_target):
        return
    elsewhere = sorted(mount.target for mount in mounts if declared.has_source(mount))
    subject = f"{declared.source} -> {declared.target}"
    remedy = f"Mount {declared.source} at {declared.target}, or change `paths.mounts` in a release of its own."
    if elsewhere:
        message = f"{declared.source} belongs at {declared.target}, but is mounted at {', '.join(elsewhere)}."
        yield Finding(rule="mount-moved", subject=subject, message=message, remedy=remedy)
    elif at_target:
        actual = at_target[0].source or "nothing lasting"
        message = f"{declared.target} belongs to {declared.source}, but is backed by {actual}."
        yield Finding(rule="mount-source-differs", subject=subject, message=message, remedy=remedy)
    else:
        message = f"The declared mount of {declared.source} at {declared.target} is gone."
        yield Finding(rule="mount-dropped", subject=subject, message=message, remedy=remedy)


def _image_volumes(service: ComposeService, paths: Collection[str]) -> Iterator[Finding]:
    """Object to a VOLUME of the image without a mount of its own: it becomes an anonymous volume."""
    mapped = {clean(target) for target in (*(mount.target for mount in service.mounts), *service.tmpfs)}
    for path in sorted({clean(path) for path in paths} - mapped):
        yield Finding(
            rule="image-volume-unmapped",
            subject=f"{service.name}: {path}",
            message=f"The image declares VOLUME {path}, which becomes an anonymous volume and is lost with `down`.",
            remedy=f"Mount a named volume or a host directory at {path}, or drop the VOLUME from the Dockerfile.",
        )
