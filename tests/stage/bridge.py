"""Network of one engine: a bridge and an address range that no other engine on this machine has.

Engines run without rules in the machine's firewall, so that any number of them
live side by side, also beside the machine's own Docker. The one exception: where
the machine drops what it forwards (as a running Docker makes it do), traffic within
our own range is let through, by one rule that is taken away again.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.stage.commands import StageError, execute
from tests.stage.packages import Toolset

SLOTS = 128
PREFIX = "shipmate"


@dataclass(frozen=True, slots=True)
class Bridge:
    """A claimed bridge: its name is the claim."""

    slot: int
    toolset: Toolset

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.slot}"

    @property
    def range(self) -> str:
        """A /22 of 198.18.0.0/15, the addresses set aside for tests."""
        return f"198.{18 + self.slot // 64}.{self.slot % 64 * 4}.0/22"

    @property
    def address(self) -> str:
        return self.range.replace(".0/22", ".1/26")

    def claim(self) -> bool:
        """Take the slot; False where somebody has it."""
        try:
            self._ip("link", "add", "name", self.name, "type", "bridge")
        except StageError:
            return False
        self._ip("addr", "add", self.address, "dev", self.name)
        self._ip("link", "set", self.name, "up")
        if self._forwarding_is_dropped():
            self._rule("-I")
        return True

    def release(self) -> None:
        """Give the slot back, with whatever is left of the engine's networks."""
        for name in self._links():
            self._ip("link", "del", name)
        while self._rule("-C"):
            self._rule("-D")

    def _links(self) -> list[str]:
        """Name the bridges that have an address in our range."""
        first = self.address.rsplit(".", 2)[0]
        block = int(self.address.split(".")[2])
        ours = tuple(f"{first}.{block + step}." for step in range(4))
        listed = self._ip("-o", "-4", "addr", "show").splitlines()
        return sorted({words[1] for words in map(str.split, listed) if words[3].startswith(ours)})

    def _forwarding_is_dropped(self) -> bool:
        try:
            return "-P FORWARD DROP" in execute([self.toolset.program("iptables"), "-w", "-S", "FORWARD"])
        except StageError:
            return False

    def _rule(self, action: str) -> bool:
        rule = ("-s", self.range, "-d", self.range, "-m", "comment", "--comment", self.name, "-j", "ACCEPT")
        try:
            execute([self.toolset.program("iptables"), "-w", action, "FORWARD", *rule])
        except StageError:
            return False
        return True

    def _ip(self, *words: str) -> str:
        return execute([self.toolset.program("busybox"), "ip", *words])


def claim(directory: Path, toolset: Toolset) -> Bridge:
    """Claim a free slot and note it in the engine's folder."""
    for slot in range(SLOTS):
        bridge = Bridge(slot, toolset)
        if bridge.claim():
            (directory / "slot").write_text(str(slot))
            return bridge
    raise StageError(f"All {SLOTS} test networks are taken. Delete those that `ip link` still shows.")


def claimed(directory: Path, toolset: Toolset) -> Bridge | None:
    """Find the claim noted in an engine's folder."""
    note = directory / "slot"
    return Bridge(int(note.read_text()), toolset) if note.exists() else None
