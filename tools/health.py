"""Health: one request to a service, and the wait until a newly started one is well."""

import time
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
from yarl import URL

from config.contracts import Health, Probe
from tools.clock import Clock
from tools.containers import Containers
from tools.errors import ToolError
from tools.hosts import Host
from tools.inspection import RUNNING, Container

POLL = timedelta(milliseconds=200)
BODY_LIMIT_BYTES = 2048
LOG_TAIL_LINES = 300
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TRANSIENT = frozenset({"created", RUNNING})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` is None where nothing did, and `error` says why."""

    status: int | None
    latency: timedelta
    body: str = ""
    """The first 2 KB."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """How a start ended; `cause` says what was wrong, and is empty where nothing was."""

    healthy: bool
    cause: str
    waited: timedelta
    log_tail: str = ""
    container: Container | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One container of several that run a service, and where it is asked past the proxy."""

    container: str
    """Its whole id."""
    address: str
    port: int


async def probe(host: Host, request: Probe, at: Standing | None = None) -> Answer:
    """Ask one URL, which is as seen from the host itself; redirects are answers and not followed.

    `at` takes the place of its address and port: there the same request goes past the proxy.
    """
    url = URL(request.url)
    if url.host not in _LOOPBACK:
        return Answer(None, timedelta(), error=f"{request.url} is not on the host's own loopback address")
    try:
        way = host.tunnel(at.port, at.address) if at else host.tunnel(url.port or 80)
        async with way as (address, port):
            return await _ask(url, URL.build(scheme=url.scheme, host=address, port=port), request.within)
    except ToolError as error:
        return Answer(None, timedelta(), error=str(error))


async def ask(request: Probe) -> Answer:
    """Ask one URL as it stands, from the bot's own machine; redirects are answers and not followed."""
    return await _ask(URL(request.url), URL(request.url), request.within)


async def _ask(url: URL, way: URL, within: timedelta) -> Answer:
    started = time.perf_counter()
    limit = aiohttp.ClientTimeout(total=within.total_seconds())
    headers = {"Host": url.authority, "User-Agent": "shipmate", "Accept-Encoding": "identity"}
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(
                way.join(url.relative()), headers=headers, allow_redirects=False, server_hostname=_name(url)
            ) as response,
        ):
            body = await _beginning(response.content)
            return Answer(response.status, _since(started), body.decode(errors="replace"))
    except TimeoutError:
        return Answer(None, _since(started), error=f"no answer within {within.total_seconds():g} s")
    except (aiohttp.ClientError, OSError) as error:
        return Answer(None, _since(started), error=f"no answer: {str(error) or type(error).__name__}")


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    body = b""
    while len(body) < BODY_LIMIT_BYTES and (chunk := await content.read(BODY_LIMIT_BYTES - len(body))):
        body += chunk
    return body


def _name(url: URL) -> str | None:
    """Name the server whose certificate must be shown; the way through the tunnel has another one."""
    return url.host if url.scheme == "https" else None


def _since(started: float) -> timedelta:
    return timedelta(seconds=time.perf_counter() - started)


def wrong(answer: Answer, request: Probe) -> str:
    """Tell in words what is wrong with an answer; empty where nothing is."""
    if answer.status is None:
        return f"GET {request.url}: {answer.error}"
    if answer.status != request.status:
        return f"GET {request.url} answered {answer.status} instead of {request.status}"
    if answer.latency > request.within:
        took, limit = answer.latency.total_seconds(), request.within.total_seconds()
        return f"GET {request.url} took {took:.2f} s (limit {limit:g} s)"
    return ""


def hopeless(first: Container, now: Container) -> str:
    """Tell why waiting longer is useless; empty where it may still become well."""
    if now.status == "exited":
        return f"the container exited with code {now.exit_code}"
    if now.status == "restarting" or now.restarts > first.restarts:
        # started again, it has no exit code of its own yet: the engine shows 0
        code = "" if now.running else f", last exit code {now.exit_code}"
        return f"the container keeps restarting (restarts: {now.restarts}{code})"
    if now.status not in _TRANSIENT:
        return f"the container is {now.status}"
    return "the container's health check reports unhealthy" if now.health == "unhealthy" else ""


def unready(container: Container | None) -> str:
    """Tell what the container still lacks before it is worth asking; empty where it is ready."""
    if container is None:
        return "there is no container"
    if not container.running:
        return f"the container is only {container.status}"
    if container.health not in (None, "healthy"):
        return f"the health check of the container is still {container.health}"
    return ""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a service: what waiting will not mend, and what it may."""

    container: Container | None
    answer: Answer | None
    final: str
    lacks: str

    @property
    def over(self) -> bool:
        """Tell whether there is nothing left to wait for."""
        return bool(self.final) or not self.lacks


class _Onlooker:
    """Look at one service again and again, and remember the container as it was first seen."""

    def __init__(
        self, host: Host, containers: Containers, service: tuple[str, str], request: Probe, at: Standing | None
    ) -> None:
        self._host = host
        self._containers = containers
        self._service = service
        self._request = request
        self._at = at
        self._first: Container | None = None

    async def look(self) -> _Look:
        container = await self._container()
        if container is not None and (self._first is None or self._first.id != container.id):
            self._first = container
        final = hopeless(self._first, container) if self._first and container else ""
        lacks = unready(container)
        if final or lacks:
            return _Look(container, None, final, lacks)
        answer = await probe(self._host, self._request, self._at)
        return _Look(container, answer, "", wrong(answer, self._request))

    async def log_tail(self, container: Container | None) -> str:
        return await self._containers.logs(container.id, tail=LOG_TAIL_LINES) if container else ""

    async def _container(self) -> Container | None:
        if self._at:
            return await self._containers.inspect(self._at.container)
        known = await self._containers.inspect(self._first.id) if self._first else None
        return known or await self._containers.find(*self._service)


async def settle(  # noqa: PLR0913 - everything that is needed to look at one service
    host: Host,
    containers: Containers,
    project: str,
    service: str,
    health: Health,
    clock: Clock,
    *,
    at: Standing | None = None,
) -> Settled:
    """Wait until the service's container runs, is healthy and answers its probe; of several the one that stands `at`.

    Fails at once when the container exits, restarts or turns unhealthy. Where only the
    probe fails, each of `retries` further attempts gets the full `timeout` again.
    """
    started = clock.monotonic()
    onlooker = _Onlooker(host, containers, (project, service), health.probe, at)
    look = await _attempt(onlooker, health.timeout, clock)
    for _ in range(health.retries):
        if look.over or look.answer is None:
            break
        look = await _attempt(onlooker, health.timeout, clock)
    cause = look.final or look.lacks
    tail = await onlooker.log_tail(look.container) if cause else ""
    waited = timedelta(seconds=clock.monotonic() - started)
    return Settled(not cause, cause, waited, tail, look.container, look.answer)


async def _attempt(onlooker: _Onlooker, limit: timedelta, clock: Clock) -> _Look:
    deadline = clock.monotonic() + limit.total_seconds()
    look = await onlooker.look()
    while not look.over and clock.monotonic() < deadline:
        await clock.sleep(POLL)
        look = await onlooker.look()
    return look
