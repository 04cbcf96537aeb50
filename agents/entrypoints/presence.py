"""When a bot was there, and by which configuration it worked, as the audit keeps it."""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.trail import BOT
from config.shipmate import Configuration
from tools.history import Store
from tools.history.ledger import Record


@asynccontextmanager
async def on_record(store: Store, configuration: Configuration) -> AsyncIterator[None]:
    """Put on record that this process begins to work on the store, and that it ended in good order."""
    about = {"configuration": configuration_digest(configuration), "process": os.getpid()}
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
