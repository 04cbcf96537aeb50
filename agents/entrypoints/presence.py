"""When a bot was there, and by which configuration it worked, as the audit keeps it."""

import hashlib
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.trail import BOT
from config.shipmate import Configuration
from tools.history import Store
from tools.history.chain import STARTED
from tools.history.ledger import Record

log = logging.getLogger(__name__)
DOUBT = "The audit does not go as far, or not the same way, as the head file beside the database says."
NO_KEY = "The key that seals the audit was missing beside a database with entries, so a new one was made."


@asynccontextmanager
async def on_record(store: Store, configuration: Configuration, *, door: str = "") -> AsyncIterator[None]:
    """Put on record that this process begins to work on the store, and that it ended in good order.

    `door` is by which somebody came who needs it for one command; empty for a bot that stays.
    """
    about = {**await _standing(store), "configuration": configuration_digest(configuration), "process": os.getpid()}
    await store.audit.add(Record(*STARTED, "done", BOT, door=door, detail=about))
    try:
        yield
    finally:
        await store.audit.add(Record("bot", "stopped", "done", BOT, door=door, detail={"process": os.getpid()}))


async def _standing(store: Store) -> dict[str, str]:
    """Look whether the audit can go on as it was; where its key is missing, begin a new one, and say so loudly."""
    if await store.audit.unprovable():
        noted = await store.audit.renew()
        log.error("%s What was sealed until now is proved only by the former one: ./shipmate audit verify", NO_KEY)
        return {"key": "was missing, a new one was made", "head file": f"said {noted.told}"}
    if await store.audit.stands():
        return {"head file": "stands"}
    log.warning("%s Entries were cut off, or a backup was put back: ./shipmate audit verify", DOUBT)
    return {"head file": "contradicts"}


def configuration_digest(configuration: Configuration) -> str:
    """Name what was declared: another digest is another configuration. Credentials are no part of it."""
    told = [configuration.shipmate.model_dump_json()]
    told += [service.model_dump_json() for _, service in sorted(configuration.services.items())]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
