"""The pre-deploy gate: five conditions, each that applies met by measured facts, or nothing is deployed.

A fact that nobody could measure (None, or a host or image that is missing from the facts)
counts as not met.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardrails.room import Disk, fault_of
from guardrails.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What was measured on one target host; None: it could not be measured."""

    name: str
    reachable: bool | None
    """A command ran there (over SSH, or on this machine)."""
    free_bytes: int | None
    first_deploy: bool | None
    """Nothing of the service runs there yet."""
    previous_kept: bool | None
    """The image that runs there now is kept and can be started again."""
    obstacles: tuple[str, ...] = ()
    """What else going back would fail of, as it was tried out there."""
    disks: tuple[Disk, ...] = ()
    """Each disk with what will be written to it; nothing where only `free_bytes` is known."""
    unfit: tuple[str, ...] = ()
    """Images that were not built for its platform, half a sentence for each."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the gate, and what was seen."""

    name: str
    met: bool | None
    """None: it does not apply to this kind of target."""
    detail: str


@dataclass(frozen=True, slots=True)
class Gate:
    """The five conditions in their fixed order."""

    conditions: tuple[Condition, ...]

    @property
    def open(self) -> bool:
        """Tell whether every condition that applies is met."""
        return bool(self.conditions) and all(condition.met is not False for condition in self.conditions)

    @property
    def verdict(self) -> Verdict:
        """Object to each condition that is not met."""
        return Verdict.of(
            Finding(rule=f"gate-{c.name}", subject=c.name, message=c.detail, remedy=_REMEDIES[c.name])
            for c in self.conditions
            if c.met is False
        )


_REMEDIES = {
    "tests": "Fix the failing critical suites and release the fixed version; a suite without a result must run first.",
    "image": "Build and push the missing image, or check the registry's address and login; a platform that is missing "
    "belongs into `platforms` of the component.",
    "previous-image": "Make startable again what runs there now: its image under its own tag (pull or load it), its "
    "compose file and env file, its volumes.",
    "previous-tag": "Push the image that runs now again, under its own tag, so that it can be put back.",
    "disk": "Free space on the host (old images: `docker image prune`), then try again.",
    "ssh": "Check address, user, key and known_hosts of the host; `./shipmate doctor` shows which of them fails.",
    "reach": "Check the deployment repository, the token's permission to write it, and ArgoCD.",
}


def gate(
    *,
    critical_passed: bool | None,
    images: Mapping[str, bool | None],
    hosts: Sequence[HostFacts],
    minimum_free_bytes: int,
) -> Gate:
    """Weigh the facts: tests passed, images exist, previous image kept, disk over the minimum, hosts reached."""
    return Gate(
        (
            _tests(critical_passed),
            _images(images, [fault for host in hosts for fault in host.unfit]),
            _of_hosts("previous-image", hosts, {h.name: _previous(h) for h in hosts}, "previous image kept"),
            _disks(hosts, minimum_free_bytes),
            _of_hosts("ssh", hosts, {h.name: _reached(h) for h in hosts}, "reached"),
        )
    )


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What was measured on a deployment repository and on the ArgoCD that follows it; None: it could not be."""

    previous: Mapping[str, bool | None]
    """Image that stands in the file now -> whether its registry has it still."""
    fault: str
    """Why the file could not be read; empty where it was."""
    writable: bool | None
    silence: str
    """Why ArgoCD could not be asked; empty where it answered."""


def gate_by_repository(
    *, critical_passed: bool | None, images: Mapping[str, bool | None], seen: RepositoryFacts
) -> Gate:
    """Weigh the facts where a commit deploys: the cluster places pods, so no disk of a host is looked at."""
    return Gate(
        (
            _tests(critical_passed),
            _images(images),
            _still_there(seen),
            Condition("disk", met=None, detail="Does not apply: the cluster chooses its nodes."),
            _reach(seen),
        )
    )


def _still_there(seen: RepositoryFacts) -> Condition:
    gone = sorted(image for image, exists in seen.previous.items() if exists is False)
    unknown = sorted(image for image, exists in seen.previous.items() if exists is None)
    parts = [f"gone from its registry: {', '.join(gone)}"] * bool(gone)
    parts += [f"not known whether its registry has it: {', '.join(unknown)}"] * bool(unknown)
    if seen.fault:
        parts = ["not known what stands there"]
    well = f"{len(seen.previous)} image(s) that stand there now are kept." if seen.previous else "Nothing stands there."
    return Condition("previous-tag", not parts, f"{'; '.join(parts)}." if parts else well)


def _reach(seen: RepositoryFacts) -> Condition:
    writing = {True: "", False: "the token may not write", None: "not known whether the token may write"}
    parts = [seen.fault or writing[seen.writable], seen.silence]
    told = "; ".join(part.rstrip(".") for part in parts if part)
    return Condition("reach", not told, f"{told}." if told else "Deployment repository writable, ArgoCD answers.")


def _tests(passed: bool | None) -> Condition:
    detail = {
        True: "All critical tests passed.",
        False: "A critical test failed.",
        None: "No critical test has a result.",
    }
    return Condition("tests", passed is True, detail[passed])


def _images(images: Mapping[str, bool | None], unfit: Sequence[str] = ()) -> Condition:
    missing = sorted(name for name, exists in images.items() if exists is False)
    unknown = sorted(name for name, exists in images.items() if exists is None)
    parts = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"not known: {', '.join(unknown)}"] * bool(unknown)
    parts += unfit
    if not images:
        parts = ["the plan names no image"]
    return Condition("image", not parts, f"Images {'; '.join(parts)}." if parts else f"{len(images)} image(s) exist.")


def _of_hosts(name: str, hosts: Sequence[HostFacts], faults: Mapping[str, str], praise: str) -> Condition:
    if not hosts:
        return Condition(name, met=False, detail="The plan names no host.")
    told = [f"{host}: {fault}" for host, fault in sorted(faults.items()) if fault]
    detail = f"{'; '.join(told)}." if told else f"{', '.join(sorted(faults))}: {praise}."
    return Condition(name, not told, detail)


def _previous(host: HostFacts) -> str:
    if host.obstacles:
        return f"going back would fail: {'; '.join(host.obstacles)}"
    if host.first_deploy is True or (host.first_deploy is False and host.previous_kept is True):
        return ""
    known = host.first_deploy is False and host.previous_kept is False
    return "the image that runs now is not kept" if known else "not known what runs there and whether it is kept"


def _disks(hosts: Sequence[HostFacts], minimum: int) -> Condition:
    """Tell how much is free where and how much is needed; of many hosts that have room, of the one with the least."""
    faults = {host.name: _disk(host, minimum) for host in hosts}
    measured = [(disk.free_bytes - disk.needed_bytes(minimum), host, disk) for host in hosts for disk in host.disks]
    _, tightest, disk = min(measured, key=lambda one: one[0], default=(0, None, None))
    least = f"; least on {tightest.name}: {disk.told(minimum)}" if tightest and disk else ""
    return _of_hosts("disk", hosts, faults, f"enough free disk{least}")


def _disk(host: HostFacts, minimum: int) -> str:
    if host.free_bytes is None:
        return "free disk not known"
    return fault_of(host.disks or (Disk((), host.free_bytes),), minimum)


def _reached(host: HostFacts) -> str:
    return {True: "", False: "not reachable", None: "not tried"}[host.reachable]
