"""What changes in how a service runs, told from two compose files: removals first, names of variables only. Pure."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from agents.words.discreet import written_out
from tools.compose_file import ComposeFile, ComposeService, Healthcheck, Mount, Port


class Sort(IntEnum):
    """In the order in which people should read them."""

    REMOVED = 0
    CHANGED = 1
    ADDED = 2


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that is gone, other or new. Never carries the value of a variable, nor a secret written out."""

    sort: Sort
    service: str
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return self.told(str)

    def told(self, quoted: Callable[[str], str]) -> str:
        """Say it in one line, with what others wrote quoted."""
        where = f"{quoted(self.service)}: " if self.service else ""
        ours = next((kind for kind in _KINDS if self.subject.startswith(f"{kind} ")), "")
        name = self.subject.removeprefix(ours).strip()
        subject = f"{ours} {quoted(name)}" if ours else self.subject
        if not ours and self.subject not in _PLAIN:
            subject = quoted(self.subject)
        plain = self.detail in ("", "its value") or self.detail.startswith("not shown: ")
        detail = self.detail if plain else " -> ".join(map(quoted, self.detail.split(" -> ")))
        return f"{where}{subject} {self.sort.name.lower()}" + (f" ({detail})" if detail else "")


_KINDS = (
    *("build argument", "variable", "mount", "port", "volume declaration", "network declaration", "secret declaration"),
    *("volume", "setting", "key", "service", "object", "reading of", "health check", "memory limit", "cpu limit"),
)
"""Our words before a name that is somebody else's."""
_PLAIN = (
    *("health check", "memory limit", "memory reservation", "cpu limit", "cpu reservation", "user", "container"),
    *("replicas", "image", "workdir", "entrypoint", "command", "restart"),
)


_LISTS = ("cap_drop", "cap_add", "security_opt", "devices")
_SINGLES = ("restart", "privileged", "network_mode", "pid", "stop_grace_period", "command", "entrypoint", "init")


def differences(old: ComposeFile | None, new: ComposeFile) -> tuple[Difference, ...]:
    """Compare the file that lies on a host with the one that shall; without an old one, all is new."""
    before = old.services if old else {}
    found = [
        *_keys("", "service", before, new.services),
        *_keys("", "volume declaration", old.volumes if old else {}, new.volumes),
    ]
    for name in before.keys() & new.services.keys():
        found += _service(name, before[name], new.services[name])
    return tuple(sorted(set(found)))


def _service(name: str, old: ComposeService, new: ComposeService) -> Iterator[Difference]:
    yield from _keys(name, "variable", old.environment, new.environment, lambda _: "its value")
    yield from _keys(name, "mount", _mounts(old), _mounts(new), str)
    yield from _keys(name, "port", _ports(old.ports), _ports(new.ports), str)
    yield from _keys(name, "setting", _settings(old), _settings(new), str)
    yield from _keys(name, "health check", _health(old.healthcheck), _health(new.healthcheck), str)
    for key in _LISTS:
        yield from _keys(name, key, _entries(old, key), _entries(new, key))


def _keys(
    service: str, kind: str, old: Mapping[str, Any], new: Mapping[str, Any], shown: Callable[[Any], str] | None = None
) -> Iterator[Difference]:
    """Compare two mappings; `shown` says what changed in a value, without it values are not looked at."""
    for key in old.keys() - new.keys():
        yield Difference(Sort.REMOVED, service, _subject(kind, key))
    for key in new.keys() - old.keys():
        yield Difference(Sort.ADDED, service, _subject(kind, key))
    for key in old.keys() & new.keys():
        if shown and old[key] != new[key]:
            detail = _detail(shown(old[key]), shown(new[key]))
            yield Difference(Sort.CHANGED, service, _subject(kind, key), detail)


def _detail(told: str, now: str) -> str:
    if written_out(told) or written_out(now):
        return "not shown: a secret is written out"
    return told if told == now else f"{told} -> {now}"


def _subject(kind: str, key: str) -> str:
    return kind if key == kind else f"{kind} {key}"


def _mounts(service: ComposeService) -> dict[str, str]:
    listed = {mount.target: _mount(mount) for mount in service.mounts}
    return listed | dict.fromkeys(service.tmpfs, "tmpfs")


def _mount(mount: Mount) -> str:
    return f"{mount.kind} {mount.source}".strip() + (", read only" if mount.read_only else "")


def _ports(ports: Iterable[Port]) -> dict[str, str]:
    return {f"{port.target}/{port.protocol}": f"{port.host_ip or '*'}:{port.published or 'any'}" for port in ports}


def _settings(service: ComposeService) -> dict[str, str]:
    settings = {
        "image": _repository(service.image),
        "container_name": service.container_name,
        "user": service.user,
        "read_only": "true" if service.read_only else "",
        "cpu limit": service.cpus,
        "cpu reservation": service.cpus_reserved,
        "memory limit": service.memory,
        "memory reservation": service.memory_reserved,
        **{key: service.raw.get(key) for key in _SINGLES},
    }
    return {key: _setting(value) for key, value in settings.items() if value not in (None, "", False)}


def _setting(value: Any) -> str:
    return shlex.join(map(str, value)) if isinstance(value, list) else str(value)


def _repository(image: str) -> str:
    """Leave the tag out: that it changes is the release itself."""
    return re.sub(r":(\$\{[^}]*\}|[\w][\w.-]*)$", "", image.partition("@")[0])


def _health(check: Healthcheck | None) -> dict[str, str]:
    if check is None or check.disabled:
        return {}
    return {"health check": " ".join(check.test)}


def _entries(service: ComposeService, key: str) -> dict[str, str]:
    return {str(entry): "" for entry in service.raw.get(key) or ()}
