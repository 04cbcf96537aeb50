"""A process that writes into the audit until it is killed, or so many entries."""

import asyncio
import sys

from tools.clock import SystemClock
from tools.history import open_store
from tools.history.ledger import Record


async def main(url: str, me: str, entries: str) -> None:
    """Write entries one after the other; a line is printed after each, once it is kept for good."""
    store = await open_store(url, SystemClock())
    for number in range(int(entries)):
        await store.audit.add(Record("command", "deploy", "asked", me, detail={"number": number}))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
