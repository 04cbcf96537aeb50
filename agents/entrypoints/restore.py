"""`shipmate restore`: the backups of a service's data, listed, or one of them put back while no release is at work."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from agents.answers import Person
from agents.destinations.compose.restoring import backups_on, dumps_in, listed, put_data_back
from agents.entrypoints import figures, own_secrets
from agents.entrypoints.by_hand import require_free, require_right, stands_for
from agents.entrypoints.terminal import Out
from agents.entrypoints.wiring import assemble, opened_store
from agents.tenure import Tenure
from agents.toolbox import Server, Toolbox
from config.nearest import did_you_mean
from config.shipmate import Configuration
from config.targets import ComposeTarget
from tools.backup import Saved
from tools.clock import SystemClock
from tools.errors import NotFound, ToolError
from tools.health import probe, wrong
from tools.history.lease import Lease

DONE, NO = 0, 1
ASK_EVERY = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Errand:
    """What was typed, and by whom."""

    service: str
    environment: str | None
    backup: str | None
    host: str | None
    person: Person


async def restore(errand: Errand, configuration: Configuration, out: Out) -> int:
    """List backups, or put one back on every host that has it; raises `ToolError` before anything was touched."""
    environment = _environment(errand, configuration)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened_store(configuration))
        redactor = own_secrets.of_configuration(configuration, tell=False)
        workshop = assemble(configuration, store, clock, redactor)
        stack.push_async_callback(workshop.close)
        where = (errand.service, environment)
        holder = stands_for("restore", where, errand.person, clock, errand.backup or "")
        tools = await workshop.equip(holder)
        servers = _servers(errand, tools)
        if errand.backup is None:
            return await _list(tools, servers, out)
        await require_right(where, errand.person, configuration, clock, "put backups back")
        await require_free([where], store, clock)
        done: list[bool] = []
        work = partial(_put_back, tools, servers, errand.backup, out, done)
        whole = await Tenure(store, clock).during(holder, work)
        return DONE if whole and done and all(done) else NO


def _environment(errand: Errand, configuration: Configuration) -> str:
    service = configuration.services.get(errand.service)
    if service is None:
        known = did_you_mean(errand.service, configuration.services)
        raise NotFound(f"There is no service {errand.service}{known}")
    name = errand.environment or service.default_environment
    if name not in service.environments:
        raise NotFound(f"{errand.service} has no environment {name}{did_you_mean(name, service.environments)}")
    if not isinstance(service.environments[name].target, ComposeTarget):
        raise NotFound(f"{errand.service} in {name} runs in a cluster, whose volumes Shipmate does not save.")
    return name


def _servers(errand: Errand, tools: Toolbox) -> Sequence[Server]:
    if errand.host and errand.host not in tools.servers:
        raise NotFound(f"There is no host {errand.host}{did_you_mean(errand.host, tools.servers)}")
    return [server for name, server in tools.servers.items() if errand.host in (None, name)]


async def _list(tools: Toolbox, servers: Sequence[Server], out: Out) -> int:
    for server in servers:
        found = await listed(tools, server)
        place = f"{tools.service.service} in {tools.environment_name} on {server.name}"
        out.write(f"{place}, newest first:\n" if found else f"{place}: no backup.\n")
        for name, saved in found.items():
            out.write(f"  {name}  {', '.join(map(_told, saved))}\n")
    return DONE


async def _put_back(
    tools: Toolbox, servers: Sequence[Server], name: str, out: Out, done: list[bool], lease: Lease
) -> None:
    tools = replace(tools, store=tools.store.under(lease))
    for server in servers:
        before = f"{tools.release_id.removesuffix('-restore')}-before-restore"
        try:
            saved = await put_data_back(tools, server, name, before)
        except ToolError as error:
            done.append(False)
            out.write(f"{server.name}: NOT restored. {tools.redactor.redact(str(error))}\n")
            continue
        out.write(f"{server.name}: restored and compared: {', '.join(_told(one) for one in saved if one.entries)}.\n")
        out.write(f"  What was there before lies in {backups_on(tools, server).directory / before}\n")
        for dump in dumps_in(saved):
            place = backups_on(tools, server).directory / name / dump.file
            out.write(f"  Load the dump of {dump.what} by its own program: docker exec -i CONTAINER ... < {place}\n")
        done.append(await _answers(tools, server, out))


async def _answers(tools: Toolbox, server: Server, out: Out) -> bool:
    """Wait until the service answers again, as long as a release would."""
    health = tools.environment.health
    end = tools.clock.monotonic() + health.timeout.total_seconds()
    while fault := wrong(await probe(server.host, health.probe), health.probe):
        if tools.clock.monotonic() >= end:
            out.write(f"  It does not answer as it should: {fault}\n")
            return False
        await asyncio.sleep(ASK_EVERY.total_seconds())
    out.write("  It answers again.\n")
    return True


def _told(saved: Saved) -> str:
    entries = f", {figures.count(saved.entries - 1, 'entry', 'entries')}" if saved.entries else " (dump)"
    return f"{saved.what}{entries} {figures.size(saved.size_bytes)}"
