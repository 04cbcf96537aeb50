"""When a bot was there, and by which configuration it worked, as the audit keeps it."""

import hashlib
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.trail import BOT
from config.shipmate import Configuration
from tools.history import Store
from tools.history.ledger import Record

log = logging.getLogger(__name__)
DOUBT = "The audit does not go as far, or not the same way, as the head file beside the database says."


@asynccontextmanager
async def on_record(store: Store, configuration: Configuration) -> AsyncIterator[None]:
    """Put on record that this process begins to work on the store, and that it ended in good order."""
    stands = await store.audit.stands()
    if not stands:
        log.warning("%s Entries were cut off, or a backup was put back: ./shipmate audit verify", DOUBT)
    digest = configuration_digest(configuration)
    about = {"configuration": digest, "process": os.getpid(), "head file": "stands" if stands else "contradicts"}
    await store.audit.add(Record("bot", "started", "done", BOT, detail=about))
    try:
        yield
    finally:
        await store.audit.add(Record("bot", "stopped", "done", BOT, detail={"process": os.getpid()}))


def configuration_digest(configuration: Configuration) -> str:
    """Name what was declared: another digest is another configuration. Credentials are no part of it."""
    told = [configuration.shipmate.model_dump_json()]
    told += [service.model_dump_json() for _, service in sorted(configuration.services.items())]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
