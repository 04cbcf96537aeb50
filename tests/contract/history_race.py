"""A second process on one history: what two of them do at once is seen from outside."""

import asyncio
import sys

from tools.clock import SystemClock
from tools.history import Store, open_store


async def decide(store: Store, me: str, rounds: int) -> None:
    """Answer every question of `rounds` and print the number of decisions that were ours."""
    won = [await store.decisions.decide(f"r1/{number}", me, me) for number in range(rounds)]
    sys.stdout.write(f"{sum(won)}\n")


async def write(store: Store, me: str, rounds: int) -> None:
    """Write `rounds` events of a release."""
    for number in range(rounds):
        await store.journal.record("r1", f"{me}:{number}", "entered", {"stage": me})


async def fence(store: Store, _me: str, rounds: int) -> None:
    """Take `rounds` numbers and print them."""
    numbers = [await store.targets.take_fence("observer", "production") for _ in range(rounds)]
    sys.stdout.write(f"{' '.join(map(str, numbers))}\n")


async def main(url: str, work: str, me: str, rounds: str) -> None:
    """Wait for a line on stdin, so that both processes begin together, then work."""
    store = await open_store(url, SystemClock())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    await {"decide": decide, "write": write, "fence": fence}[work](store, me, int(rounds))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
