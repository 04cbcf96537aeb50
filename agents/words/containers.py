"""What compose files, Dockerfiles and Kubernetes objects say about how something runs, as one flat list. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Line = tuple[str, str, "str | Hidden"]
"""Of what, which setting, and its value."""

_SINGLES = (
    *("restart", "privileged", "network_mode", "pid", "ipc", "stop_grace_period", "command", "entrypoint", "init"),
    *("user", "read_only", "container_name", "mem_limit", "mem_reservation", "cpus", "pids_limit", "shm_size"),
)
_LISTS = ("cap_drop", "cap_add", "security_opt", "devices", "tmpfs", "env_file", "expose")
_NAMED = ("depends_on", "networks", "secrets", "configs")
_LIMITS = {"mem_limit": "memory limit", "cpus": "cpu limit", "mem_reservation": "memory reservation"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_INSTRUCTION = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that is compared and never shown."""

    value: str


def compose_lines(document: Any) -> Iterator[Line]:
    """Read a compose file as it is written, short and long forms alike."""
    for name, raw in _mapping(_mapping(document).get("services")).items():
        yield "", f"service {name}", ""
        yield from ((str(name), subject, value) for subject, value in _service(_mapping(raw)))
    for kind in ("volumes", "networks", "secrets"):
        yield from (("", f"{kind[:-1]} declaration {key}", "") for key in _names(_mapping(document).get(kind)))


def _service(raw: dict[str, Any]) -> Iterator[tuple[str, "str | Hidden"]]:
    yield from _variables(raw.get("environment"))
    yield from (_mount(entry) for entry in _entries(raw.get("volumes")))
    yield from (_port(entry) for entry in _entries(raw.get("ports")))
    yield from _health(_mapping(raw.get("healthcheck")))
    yield from (("image", _untagged(image)) for image in _entries(raw.get("image")))
    yield from ((_LIMITS.get(key, key), _said(raw[key])) for key in _SINGLES if raw.get(key) not in (None, "", False))
    yield from _deployed(_mapping(raw.get("deploy")))
    yield from ((f"{key} {_said(entry)}", "") for key in _LISTS for entry in _entries(raw.get(key)))
    yield from ((f"{key} {name}", "") for key in _NAMED for name in _names(raw.get(key)))


def _untagged(image: Any) -> str:
    """Leave the tag out: that it changes is the release itself."""
    return re.sub(r":(\$\{[^}]*\}|[\w][\w.-]*)$", "", str(image).partition("@")[0])


def _deployed(raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, values in _mapping(raw.get("resources")).items():
        for key, value in _mapping(values).items():
            yield f"{'cpu' if key == 'cpus' else key} {str(kind).removesuffix('s')}", _said(value)
    if raw.get("replicas") is not None:
        yield "replicas", _said(raw["replicas"])


def _variables(environment: Any) -> Iterator[tuple[str, Hidden]]:
    if isinstance(environment, dict):
        yield from ((f"variable {name}", Hidden(str(value))) for name, value in environment.items())
    for entry in environment if isinstance(environment, list) else ():
        name, _, value = str(entry).partition("=")
        yield f"variable {name}", Hidden(value)


def _mount(entry: Any) -> tuple[str, str]:
    if isinstance(entry, dict):
        read_only = ", read only" if entry.get("read_only") else ""
        return (
            f"mount {entry.get('target', '')}",
            f"{entry.get('type', '')} {entry.get('source', '')}{read_only}".strip(),
        )
    parts = re.split(r":(?![-?])(?![^{]*\})", str(entry))
    if len(parts) == 1:
        return f"mount {parts[0]}", "anonymous"
    return f"mount {parts[1]}", f"{parts[0]}{', read only' if 'ro' in parts[2:] else ''}"


def _port(entry: Any) -> tuple[str, str]:
    if isinstance(entry, dict):
        return f"port {entry.get('target', '')}", f"{entry.get('host_ip', '*')}:{entry.get('published', 'any')}"
    published, _, target = str(entry).rpartition(":")
    return f"port {target}", published or "any"


def _health(raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    test = raw.get("test")
    if not raw or raw.get("disable") or test in ("NONE", ["NONE"]):
        return
    yield "health check", _said(test) if test else "of the image"
    yield from ((f"health check {key}", _said(value)) for key, value in raw.items() if key not in ("test", "disable"))


def dockerfile_lines(text: str) -> Iterator[Line]:
    """Read what the final stage of a Dockerfile says, and which images its stages start from."""
    stages = -1
    said: dict[str, str | Hidden] = {}
    for word, rest in _instructions(text):
        if word == "FROM":
            stages += 1
            said = {subject: value for subject, value in said.items() if subject.startswith("base image")}
            said[f"base image of stage {stages + 1}"] = re.sub(r"\s+as\s+.*$", "", rest, flags=re.IGNORECASE)
        else:
            said |= dict(_spoken(word, rest))
            if word == "HEALTHCHECK" and rest.upper() == "NONE":
                said.pop("health check", None)
    yield from (("", subject, value) for subject, value in said.items())


def _spoken(word: str, rest: str) -> Iterator[tuple[str, "str | Hidden"]]:
    if word == "HEALTHCHECK" and rest.upper() != "NONE":
        yield "health check", rest
    elif word in ("USER", "ENTRYPOINT", "CMD", "WORKDIR", "STOPSIGNAL"):
        yield word.lower(), rest
    elif word == "EXPOSE":
        yield from ((f"port {port}", "") for port in rest.split())
    elif word == "VOLUME":
        yield from ((f"volume {path}", "") for path in re.findall(r"[^\s\[\]\",]+", rest))
    elif word in ("ENV", "ARG"):
        kind = "variable" if word == "ENV" else "build argument"
        pairs = re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", rest) or [tuple(rest.partition(" ")[::2])]
        yield from ((f"{kind} {name}", Hidden(value)) for name, value in pairs)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\s*\n", " ", plain).splitlines():
        if found := _INSTRUCTION.match(line):
            yield found[1].upper(), " ".join(found[2].split())


def object_lines(documents: Iterable[Any]) -> Iterator[Line]:
    """Read Kubernetes objects: their containers, and what they are reached and kept by."""
    for document in documents:
        raw = _mapping(document)
        if not raw.get("kind") or not _mapping(raw.get("metadata")):
            continue
        name = f"{raw['kind']}/{raw['metadata'].get('name', '?')}"
        yield "", f"object {name}", ""
        spec = _mapping(raw.get("spec"))
        if spec.get("replicas") is not None:
            yield name, "replicas", _said(spec["replicas"])
        if raw["kind"] == "Service":
            yield from ((name, f"port {_mapping(port).get('port')}", "") for port in _entries(spec.get("ports")))
        yield from ((name, subject, value) for subject, value in _pod(_pod_spec(spec)))


def _pod_spec(spec: dict[str, Any]) -> dict[str, Any]:
    job = _mapping(_mapping(spec.get("jobTemplate")).get("spec"))
    inner = _mapping(_mapping((job or spec).get("template")).get("spec"))
    return inner or (spec if "containers" in spec else {})


def _pod(spec: dict[str, Any]) -> Iterator[tuple[str, "str | Hidden"]]:
    yield from ((f"volume {_mapping(one).get('name')}", "") for one in _entries(spec.get("volumes")))
    yield from _flat("security", _mapping(spec.get("securityContext")))
    for container in (*_entries(spec.get("initContainers")), *_entries(spec.get("containers"))):
        raw = _mapping(container)
        for subject, value in _container(raw):
            yield f"{subject} of {raw.get('name', '?')}", value


def _container(raw: dict[str, Any]) -> Iterator[tuple[str, "str | Hidden"]]:
    yield "container", ""
    yield from ((f"health check {probe}", _said(raw[probe])) for probe in _PROBES if raw.get(probe))
    for kind, values in _mapping(raw.get("resources")).items():
        yield from ((f"{key} {str(kind).removesuffix('s')}", _said(value)) for key, value in _mapping(values).items())
    for entry in _entries(raw.get("env")):
        yield f"variable {_mapping(entry).get('name')}", Hidden(str(entry))
    for entry in _entries(raw.get("volumeMounts")):
        yield f"mount {_mapping(entry).get('mountPath')}", str(_mapping(entry).get("name", ""))
    for entry in _entries(raw.get("ports")):
        yield f"port {_mapping(entry).get('containerPort')}", ""
    yield from _flat("security", _mapping(raw.get("securityContext")))
    yield from ((key, _said(raw[key])) for key in ("command", "args") if raw.get(key))


def _flat(name: str, raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((f"{name} {key}", _said(value)) for key, value in raw.items())


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _names(value: Any) -> list[str]:
    return (
        [str(_mapping(one).get("source", one)) for one in value] if isinstance(value, list) else list(_mapping(value))
    )


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(inner)}" for key, inner in value.items())
    return str(value)
