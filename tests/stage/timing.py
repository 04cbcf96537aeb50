"""How long a release took, and where: read from the bot's own history."""

from dataclasses import dataclass
from pathlib import Path

from agents.events import Entered, Finished, Left, Synced
from tools.clock import SystemClock
from tools.history import open_store
from tools.history.journal import Entry


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the newest release that ended, from its analysis on; the wait for people is left out."""

    whole: float
    stages: dict[str, float]
    sync: float

    @property
    def share_in_stages(self) -> float:
        """Tell which part was spent at work in a stage, and not between stages."""
        return sum(self.stages.values()) / self.whole

    def __str__(self) -> str:
        told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.stages.items())
        share = f"{100 * self.share_in_stages:.1f} % in the tools of its stages"
        return f"{self.whole:.1f} s without the wait for people ({told}; sync {self.sync:.1f} s), {share}"


async def timing(database: Path) -> Timing:
    """Read the newest release that has ended."""
    store = await open_store(f"sqlite:///{database}", SystemClock())
    try:
        release = next(one for one in await store.releases.recent() if one.finished_at)
        return _read(await store.journal.of(release.id))
    finally:
        await store.close()


def _read(entries: tuple[Entry, ...]) -> Timing:
    at = {entry.key: entry.at for entry in entries}
    names = [str(entry.body["stage"]) for entry in entries if entry.kind == Entered.KIND]
    spans = {
        name: (at[f"{Left.KIND}:{name}"] - at[f"{Entered.KIND}:{name}"]).total_seconds()
        for name in names
        if f"{Left.KIND}:{name}" in at
    }
    waited = spans.pop("approve", 0.0)
    whole = (at[Finished.KIND] - at[f"{Entered.KIND}:analyze"]).total_seconds() - waited
    sync = max((float(entry.body["seconds"]) for entry in entries if entry.kind == Synced.KIND), default=0.0)
    return Timing(whole, spans, sync)
