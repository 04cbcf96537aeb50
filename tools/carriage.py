"""Bringing an image to a host over SSH: the first way that works, and what stood in the way of those before it.

A host pulls by itself where it can. Where it cannot reach the registry or may not log in, it pulls through the
connection that the bot has to it, so that only missing layers travel. Where no tunnel is allowed it is sent a copy.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from config.targets import Shipping
from tools.errors import CommandFailed, Denied, Garbled, NotFound, NoWayIn, ToolError, Unreachable
from tools.host_images import PULL_LIMIT, Arrival, HostImages, Way, mark_of
from tools.hosts import Argv, Completed, Host
from tools.images import Images
from tools.manifests import chains_in
from tools.packing import Counted, packed
from tools.platforms import fits
from tools.pull_failure import pull_failure
from tools.registry import Registry
from tools.registry_login import is_loopback, registry_of
from tools.relay import Relay

COPY_LIMIT = timedelta(hours=1)
_ORDER: tuple[Way, ...] = ("pull", "tunnel", "copy")
_CALLED: Mapping[Way, str] = {"pull": "pulling", "tunnel": "through the tunnel", "copy": "as a copy"}
# Whatever happens, the name that only the tunnel gave is gone afterwards.
_THROUGH = """\
docker pull --quiet "$1" > /dev/null && docker image tag "$1" "$2"
code=$?
docker image rm "$1" > /dev/null 2>&1
exit "$code"
"""
_LOADED = """\
said=$(docker load --quiet) || exit
docker image tag "${said##* }" "$1" || exit
exec docker image inspect --format '{{json .RootFS.Layers}}' "$1"
"""


class FarHost(Host, Protocol):
    """A host that is reached over a connection which can carry more than commands."""

    def tunnel_back(self, port: int) -> AbstractAsyncContextManager[int]:
        """Let the host reach a port of this machine's loopback; yields the port of its own that leads here."""
        ...

    async def feed(self, argv: Sequence[str], content: AsyncIterator[bytes], limit: timedelta) -> Completed:
        """Run one command to its end and send it a stream as its input."""
        ...


def through(lent: str, mark: str) -> Argv:
    """Build the command that pulls by a tunnel's name and keeps the image under its mark alone."""
    return ("sh", "-c", _THROUGH, "through", lent, mark)


def loaded(mark: str) -> Argv:
    """Build the command that reads an image from its input, marks it and prints its layers."""
    return ("sh", "-c", _LOADED, "loaded", mark)


def own(fetch: Callable[[str], Awaitable[object]]) -> Callable[[HostImages, str], Awaitable[Arrival]]:
    """Bring images where the host is the bot's own machine: with the bot's login, stored nowhere."""

    async def bring(_images: HostImages, reference: str) -> Arrival:
        await fetch(reference)
        return Arrival("own")

    return bring


@dataclass(frozen=True, slots=True)
class Carriage:
    """The ways to one host."""

    host: FarHost
    relay: Relay
    engine: Images
    """The bot's own."""
    registry: Registry
    shipping: Shipping = "auto"

    async def bring(self, images: HostImages, reference: str) -> Arrival:
        """Bring `repository@sha256:...` by the first way that works.

        What another way can help with is tried by the next one: an `Unreachable` registry, a login that is `Denied`,
        a tunnel that is forbidden or broke. Anything else, such as a full disk, is raised at once.
        """
        faults: dict[Way, ToolError] = {}
        for way in _ORDER if self.shipping == "auto" else (self.shipping,):
            try:
                sent = await self._by(way, images, reference)
            except NoWayIn:
                raise
            except (Unreachable, Denied, NotFound) as error:
                if not _another_may_help(way, error, reference):
                    raise
                faults[way] = error
                await self.host.run(("true",))  # a host that is away itself is told as such
            else:
                return Arrival(way, "; ".join(_short(*one, reference, self.host.name) for one in faults.items()), sent)
        raise _all_of(faults)

    async def _by(self, way: Way, images: HostImages, reference: str) -> int | None:
        if way == "tunnel":
            return await self._tunnel(reference)
        if way == "copy":
            return await self._copy(images, reference)
        await images.pull(reference)
        return None

    async def _tunnel(self, reference: str) -> int:
        image, _, digest = reference.partition("@")
        async with self.relay.lend(image, digest) as lent, self.host.tunnel_back(lent.port) as port:
            name = f"127.0.0.1:{port}/{lent.repository}@{digest}"
            answer = await self.host.run(through(name, mark_of(reference)), timeout=PULL_LIMIT)
        if answer.ok:
            return lent.sent_bytes
        raise _tunnel_failure(reference, self.host.name, answer, lent.fault)

    async def _copy(self, images: HostImages, reference: str) -> int:
        source = await self._source(images, reference)
        engine_layers = await self.engine.layers(source)
        counted = Counted()
        async with aclosing(self.engine.saved(source)) as saved, aclosing(counted.of(packed(saved))) as content:
            answer = await self.host.feed(loaded(mark_of(reference)), content, COPY_LIMIT)
        if not answer.ok:
            failure = pull_failure(reference, self.host.name, answer)
            raise failure or CommandFailed(f"{self.host.name} could not load {reference}: {answer.stderr.strip()}.")
        if tuple(chains_in(answer.stdout)) != (engine_layers,):
            await images.remove([mark_of(reference)])
            raise Garbled(
                f"What arrived on {self.host.name} is not {reference}: its layers are others.",
                remedy="Release again; where it happens again, look at the engine there.",
            )
        return counted.sent_bytes

    async def _source(self, images: HostImages, reference: str) -> str:
        """Find the image for the host's platform in the bot's own engine, fetched first where it is not there."""
        image, _, digest = reference.partition("@")
        here = await self.engine.inspect(reference)
        try:
            exact = f"{image}@{await self._member(image, digest, await images.platform())}"
        except Unreachable:
            if here is None:
                raise
            return here.id  # the registry is gone, and the bot has it still
        found = await self.engine.inspect(exact) or await self.engine.pull(exact)
        return found.id

    async def _member(self, image: str, digest: str, platform: str) -> str:
        offered = await self.registry.platforms(image, digest)
        for one in offered:
            if fits(one.platform, platform) or len(offered) == 1:  # of a single one the host itself is asked later
                return one.digest
        raise NotFound(
            f"{image} was built for {', '.join(one.platform for one in offered)}, and {self.host.name} is {platform}.",
            remedy=f"Add {platform} to `platforms` of the component, and release again.",
        )


def _short(way: Way, error: ToolError, reference: str, host: str) -> str:
    """Tell in half a sentence why a way did not work; whoever wants to mend it, tries it by itself."""
    if way == "pull":
        may = "may not pull from" if isinstance(error, Denied) else "cannot pull from"
        return f"{host} {may} {registry_of(reference)}"
    return error.happened.rstrip(".")


def _another_may_help(way: Way, error: ToolError, reference: str) -> bool:
    """Tell whether to go on; a registry on loopback is the bot's, and the host may have another one there."""
    elsewhere = way == "pull" and is_loopback(registry_of(reference))
    return elsewhere or not isinstance(error, NotFound)


def _tunnel_failure(reference: str, host: str, answer: Completed, fault: ToolError | None) -> ToolError:
    failure = pull_failure(reference, host, answer)
    if isinstance(failure, CommandFailed | NotFound):
        return failure
    if fault is not None:
        return fault
    said = answer.stderr.strip() or answer.stdout.strip()
    if failure is not None:
        return Unreachable(f"The tunnel from {host} broke: {said}.", remedy=f"Check the connection to {host}.")
    return CommandFailed(f"Pulling {reference} through the tunnel on {host} failed: {said}.")


def _all_of(faults: Mapping[Way, ToolError]) -> ToolError:
    """Tell every way that was tried; what to do is what would help the first."""
    if len(faults) == 1:
        return next(iter(faults.values()))
    first = next(iter(faults.values()))
    told = "; ".join(f"{_CALLED[way]}: {error.happened.rstrip('.')}" for way, error in faults.items())
    remedies = dict.fromkeys(error.next_step for error in faults.values())
    return type(first)(f"{told}.", standing=first.standing, remedy=" Or: ".join(remedies))
