"""One thread's conversation with a Docker engine, through Docker's own SDK; its errors become ours."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import docker
import docker.errors
import requests

from tools.errors import CommandFailed, Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable
from tools.layers import Text
from tools.references import Reference
from tools.registry import Login

_CHUNK_BYTES = 256 * 1024
_REFUSALS = ("denied", "unauthorized", "authentication required", "no basic auth credentials", "forbidden")
_ABSENCES = ("does not exist", "not found", "no such image", "manifest unknown", "name unknown")
_SILENCES = (
    "connection refused",
    "no such host",
    "i/o timeout",
    "tls handshake",
    "deadline exceeded",
    "no route",
    "eof",
)


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image as the engine describes it. Of its environment the names only."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    """`name@sha256:...`, for each registry it was pushed to or pulled from."""
    size_bytes: int
    created: str
    user: str
    labels: Mapping[str, str]
    environment_names: tuple[str, ...]
    volumes: tuple[str, ...]
    healthcheck: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One step that an image was made by."""

    created_by: str
    size_bytes: int


class Engine:
    """A connection for one piece of work; `silence` is how long the engine may say nothing."""

    def __init__(self, environment: Mapping[str, str], silence: timedelta) -> None:
        self._environment = dict(environment)
        self._silence = silence

    def __enter__(self) -> Self:
        with _translated("Reaching the Docker engine"):
            _knock(self._environment.get("DOCKER_HOST", ""))
            seconds = int(self._silence.total_seconds())
            self._client = docker.from_env(version="auto", timeout=seconds, environment=self._environment)
            if "DOCKER_CONFIG" in self._environment:
                self._client.api.reload_config(f"{self._environment['DOCKER_CONFIG']}/config.json")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def inspect(self, reference: str) -> LocalImage | None:
        """Describe an image; None where there is none."""
        try:
            return _local_image(self._inspected(reference))
        except NotFound:
            return None

    def history(self, reference: str) -> tuple[HistoryStep, ...]:
        """List the steps that an image was made by, the oldest first."""
        with _translated(f"Reading the history of {reference}"):
            steps = self._client.api.history(reference)  # type: ignore[no-untyped-call] # the stubs know no types here
        return tuple(HistoryStep(str(step["CreatedBy"]), int(step["Size"])) for step in reversed(steps))

    def tag(self, source: str, target: Reference) -> None:
        """Give an image one more name."""
        with _translated(f"Tagging {source}"):
            self._client.api.tag(source, target.name, target.tag, force=True)

    def push(self, reference: Reference, login: Login | None) -> str:
        """Send an image to its registry; returns its digest there."""
        with _translated(f"Pushing {reference.name}", reference.registry):
            events = self._client.api.push(
                reference.name, reference.tag or "latest", stream=True, decode=True, auth_config=_auth(login)
            )
            digests = [event["aux"]["Digest"] for event in _well(events, reference.registry) if "aux" in event]
        if not digests:
            raise Garbled(f"The engine pushed {reference.name}, but did not tell its digest.", remedy="Push it again.")
        return str(digests[-1])

    def pull(self, reference: Reference, login: Login | None) -> None:
        """Fetch an image from its registry."""
        which = reference.digest or reference.tag or "latest"
        with _translated(f"Pulling {reference.name}", reference.registry):
            events = self._client.api.pull(reference.name, which, stream=True, decode=True, auth_config=_auth(login))
            for _ in _well(events, reference.registry):
                pass

    def described(self, reference: str) -> Iterator[Text]:
        """Yield the text that an image carries beside its files."""
        inspected = self._inspected(reference)
        for number, step in enumerate(self.history(reference), start=1):
            yield f"history step {number}", step.created_by.encode()
        config = inspected.get("Config") or {}
        for variable in config.get("Env") or ():
            yield f"environment {variable.partition('=')[0]}", variable.encode()
        for name, value in (config.get("Labels") or {}).items():
            yield f"label {name}", f"{name}={value}".encode()

    def layers(self, reference: str) -> dict[str, str]:
        """Name an image's layers for people, by the digest of their content."""
        digests = self._inspected(reference)["RootFS"].get("Layers") or []
        return {digest: f"layer {number} of {len(digests)}" for number, digest in enumerate(digests, start=1)}

    def archive(self, reference: str) -> AbstractContextManager[Iterable[bytes]]:
        """Open an image as the stream that `docker save` writes."""
        return self._archive(reference)

    @contextmanager
    def _archive(self, reference: str) -> Iterator[Iterable[bytes]]:
        with _translated(f"Saving {reference}"):
            yield self._client.api.get_image(reference, chunk_size=_CHUNK_BYTES)

    def _inspected(self, reference: str) -> dict[str, Any]:
        with _translated(f"Looking at {reference}"):
            inspected: dict[str, Any] = self._client.api.inspect_image(reference)  # type: ignore[no-untyped-call] # as above
        return inspected


def _knock(host: str) -> None:
    """Raise OSError where nobody listens: the SDK would leave its socket open."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(host.removeprefix("unix://"))


def _local_image(inspected: Mapping[str, Any]) -> LocalImage:
    config = inspected.get("Config") or {}
    return LocalImage(
        id=inspected["Id"],
        tags=tuple(inspected.get("RepoTags") or ()),
        digests=tuple(inspected.get("RepoDigests") or ()),
        size_bytes=int(inspected["Size"]),
        created=str(inspected.get("Created", "")),
        user=config.get("User") or "",
        labels=dict(config.get("Labels") or {}),
        environment_names=tuple(variable.partition("=")[0] for variable in config.get("Env") or ()),
        volumes=tuple(sorted(config.get("Volumes") or ())),
        healthcheck=tuple((config.get("Healthcheck") or {}).get("Test") or ()),
    )


def _auth(login: Login | None) -> dict[str, str] | None:
    return {"username": login.username, "password": login.password.get_secret_value()} if login else None


def _well(events: Iterable[dict[str, Any]], registry: str) -> Iterator[dict[str, Any]]:
    """Pass on the events of a transfer to their end, then raise the first error among them."""
    errors = []
    for event in events:
        yield event
        if "error" in event:
            errors.append(str(event["error"]))
    if errors:
        raise _meant(errors[0], "The transfer", registry)


@contextmanager
def _translated(doing: str, registry: str = "") -> Iterator[None]:
    try:
        yield
    except docker.errors.APIError as error:
        raise _meant(str(error.explanation or error), doing, registry) from error
    except requests.Timeout as error:
        raise TimedOut(f"{doing}: the engine said nothing for too long.", remedy="Look at the engine.") from error
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise Unreachable(
            f"{doing} failed: {error}.", remedy="Start the Docker engine, or check DOCKER_HOST: docker version"
        ) from error


def _meant(complaint: str, doing: str, registry: str) -> ToolError:
    """Tell by its words what the engine complains of."""
    lowered, happened = complaint.lower(), f"{doing} failed: {complaint.strip()[-500:]}"
    if any(word in lowered for word in _REFUSALS):
        return Denied(
            happened, remedy=f"docker login {registry}, with a token that may write packages, then try again."
        )
    if any(word in lowered for word in _ABSENCES):
        return NotFound(happened, remedy="Check the image's name and tag.")
    if any(word in lowered for word in _SILENCES):
        return Unreachable(happened, remedy=f"Check that {registry or 'the engine'} can be reached, then try again.")
    return CommandFailed(happened)
