"""What travels to a host that has all of an image but one small layer (P11): ours beside what people use instead."""

import asyncio
import shlex
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from config.targets import HostSettings, Shipping
from tests.bench.figures import Goal, Report
from tests.bench.table import Table, middle
from tests.stage.bulk import layer
from tests.stage.commands import execute
from tests.stage.oci import Layer, publish
from tests.stage.ports import LOOPBACK
from tests.stage.stage import Stage
from tests.stage.wire import Wire, wire_to
from tools.carriage import Carriage
from tools.host_images import HostImages
from tools.images import Images
from tools.registry import Registry
from tools.relay import Relay
from tools.ssh import SshHost

BASE_BYTES, NOISE, CHANGED_BYTES = 300_000_000, 1 / 3, 1_000_000
MOST_TIMES = 1.1
LIMIT_SECONDS = 600
COLUMNS = ("wire MB", "times the change", "seconds")
PULL, TUNNEL, COPY = "Shipmate, the host pulls", "Shipmate, through the tunnel", "Shipmate, as a copy"
BY_HAND = "docker pull over ssh"
PULLING = (PULL, BY_HAND)
"""Ways in which the host itself reads from the registry."""
Row = tuple[float | None, ...]
Way = Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class Yard:
    """A host behind a wire with a meter, a registry behind another, and an image whose top layer changes."""

    stage: Stage
    ssh: Wire
    registry: Wire
    place: Path
    base: Layer
    made: int = 0
    changed: Layer = field(init=False)

    @property
    def repository(self) -> str:
        """What the image is called."""
        return f"{LOOPBACK}:{self.registry.port}/bench/ship"

    def newer(self) -> str:
        """Publish one more version, and give it to the bot's engine; returns `repository@digest`."""
        self.made += 1
        self.changed = layer(self.place, f"changed{self.made}", CHANGED_BYTES)
        name, layers = f"bench/ship:v{self.made}", [self.base, self.changed]
        machine = execute(["dpkg", "--print-architecture"]).strip()
        digest = publish(self.stage.registry, name, layers, {"Cmd": ["x"]}, machine)
        self.stage.bot.docker("pull", "--quiet", f"{self.repository}@{digest}")
        return f"{self.repository}@{digest}"

    def command(self, line: str) -> str:
        """Write the ssh command that runs a line on the host, for a shell here."""
        words = self.stage.ssh.command(line)
        old, new = f"Port={self.stage.ssh.port}", f"Port={self.ssh.port}"
        known = str(self.stage.ssh.known_hosts)
        return shlex.join(word.replace(old, new).replace(known, str(self.known_hosts)) for word in words)

    @property
    def known_hosts(self) -> Path:
        """Where the server's key is known by the wire's port."""
        return self.place / "known_hosts"

    @property
    def settings(self) -> HostSettings:
        """Describe the host as an operator would."""
        ssh, known = self.stage.ssh, self.known_hosts
        return HostSettings(
            name="there", address=LOOPBACK, port=self.ssh.port, user=ssh.user, key=ssh.key, known_hosts=known
        )

    async def measured(self, name: str, way: Way) -> Row:
        """Send a new version; what the bot itself reads from the registry does not go to the host."""
        reference = await asyncio.to_thread(self.newer)
        wires = (self.ssh, self.registry) if name in PULLING else (self.ssh,)
        before, began = sum(wire.passed_bytes for wire in wires), time.perf_counter()
        await way(reference)
        seconds = time.perf_counter() - began
        passed = sum(wire.passed_bytes for wire in wires) - before
        return passed / 1e6, passed / self.changed.size_bytes, seconds


@asynccontextmanager
async def yard(stage: Stage) -> AsyncIterator[Yard]:
    """Lay the wires, and bring the host the version before."""
    place = stage.scratch("bench-ship")
    base = await asyncio.to_thread(layer, place, "base", BASE_BYTES, NOISE)
    async with wire_to(stage.ssh.port) as ssh, wire_to(stage.registry.port) as registry:
        made = Yard(stage, ssh, registry, place, base)
        known = stage.ssh.known_hosts.read_text()
        made.known_hosts.write_text(known.replace(f":{stage.ssh.port} ", f":{ssh.port} "))
        first = await asyncio.to_thread(made.newer)
        await asyncio.to_thread(stage.server.docker, "pull", "--quiet", first)
        yield made


async def bench(stage: Stage, rounds: int) -> Report:
    """Take turns, each with a version of its own."""
    async with yard(stage) as there, AsyncExitStack() as stack:
        ways: dict[str, Way] = {
            PULL: await _ours(there, stack, "pull"),
            TUNNEL: await _ours(there, stack, "tunnel"),
            COPY: await _ours(there, stack, "copy"),
            BY_HAND: _pulled(there),
            "docker save, ssh docker load": _piped(there, "docker save {} | {}"),
            "docker save, gzip, ssh docker load": _piped(there, "docker save {} | gzip -1 | {}"),
        }
        rows: dict[str, list[Row]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, way in ways.items():
                row = await there.measured(name, way)
                if number:  # the first round warms caches and connections
                    rows[name].append(row)
    return _report(rows, there.base)


async def _ours(there: Yard, stack: AsyncExitStack, shipping: Shipping) -> Way:
    host, registry = SshHost(there.settings), Registry()
    stack.push_async_callback(host.close)
    carriage = Carriage(host, Relay(registry), Images(there.stage.bot.env()), registry, shipping)

    async def send(reference: str) -> None:
        await HostImages(host, carriage.bring).bring(reference)

    return send


def _pulled(there: Yard) -> Way:
    async def send(reference: str) -> None:
        await asyncio.to_thread(_run, there, there.command(f"docker pull --quiet {reference}"))

    return send


def _piped(there: Yard, pipe: str) -> Way:
    async def send(reference: str) -> None:
        line = pipe.format(shlex.quote(reference), there.command("docker load --quiet"))
        await asyncio.to_thread(_run, there, line)

    return send


def _run(there: Yard, line: str) -> None:
    subprocess.run(
        ("sh", "-c", line), env=there.stage.bot.env(), check=True, capture_output=True, timeout=LIMIT_SECONDS
    )


def _report(rows: dict[str, list[Row]], base: Layer) -> Report:
    title = f"one layer of {CHANGED_BYTES / 1e6:.0f} MB changed on {BASE_BYTES / 1e6:.0f} MB"
    table = Table(title, COLUMNS, {name: middle(each) for name, each in rows.items()})
    goals = [
        Goal(f"wire bytes, times the changed layer: {name}", median(row[1] or 0 for row in rows[name]), MOST_TIMES)
        for name in (PULL, TUNNEL)
    ]
    slowest = table.rows["docker save, ssh docker load"]
    ours = table.rows[TUNNEL]
    ratios = [(theirs or 0) / (own or 1) for theirs, own in zip(slowest, ours, strict=True)]
    notes = (
        f"the host had the version before; the base is {base.size_bytes / 1e6:.0f} MB compressed",
        f"plain save and load: {ratios[0]:.0f} times the bytes and {ratios[2]:.1f} times the seconds of the tunnel",
    )
    return Report("ship", (), goals, notes, (table,))
