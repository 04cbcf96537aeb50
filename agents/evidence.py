"""The evidence of a failure: what was planned, done and found, as plain JSON of bounded size, without values."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from itertools import pairwise
from typing import Any

from agents import events
from agents.destinations.choice import destination_of
from agents.destinations.compose.serving import serving
from agents.discretion import told
from agents.state import State
from agents.toolbox import Server, Toolbox
from agents.words.diagnosis import diagnose
from agents.words.discreet import without_secrets
from agents.words.failure_log import around_failure
from agents.words.inquiry import Inquiry
from agents.words.patch import file_patches
from guardrails.baseline import blame
from guardrails.failures import Failure, compare
from tools.errors import ToolError
from tools.history.targets import Target

log = logging.getLogger(__name__)

LIMIT = timedelta(seconds=60)
"""For the look at the hosts; what cannot be had by then is left out, and the report goes on."""
SHORT_LIMIT = timedelta(seconds=15)
"""For what only the model reads."""
MOST_COMMITS, MOST_FILES, MOST_LINES = 10, 12, 80
LOG_LINES = 200
LARGEST_TEXT, LONGEST_LINE = 4000, 400
Report = dict[str, Any]


async def facts_of(state: State, target: Target, reason: str, tools: Toolbox) -> Report:
    """Collect what the store alone knows: enough for a failure that is only recorded."""
    failure = state.get("failure", {})
    release = await tools.release()
    return {
        "stage": failure.get("stage", ""),
        "cause": failure.get("cause", ""),
        "reason": reason,
        "rolled_back": state.get("rolled_back"),
        "baseline": blame(state.get("failing_before")),
        "last_good": await _last_good(tools),
        "failures": list(target.recent_failures),
        "asked_by": release.requested_by,
        "approved_by": await _approvers(tools),
        "owners": list(tools.service.owners),
    }


async def evidence_of(state: State, target: Target, tools: Toolbox) -> Report:
    """Collect what a detailed report needs beyond that: change, log, hosts, and the likeliest cause by code."""
    failure = state.get("failure", {})
    excerpt = around_failure(tools.redactor.redact(failure.get("log", "")))
    checklist = await _in_time(_checklist(tools), ())
    cause = tools.redactor.redact(failure.get("cause", ""))
    likely = diagnose(cause, excerpt, checklist, blame(state.get("failing_before")))
    return bounded(
        {
            "log": excerpt,
            "comparison": _comparison(target),
            "locked_at": target.locked_at.isoformat(timespec="seconds") if target.locked_at else "",
            "change": await _change(tools),
            "checklist": list(checklist),
            "likely": list(likely.told),
        }
    )


async def inquiry_of(report: Report, tools: Toolbox, largest_bytes: int) -> Inquiry:
    """Gather all that the model may ask for, before it is asked anything."""
    logs = {"failure": str(report.get("log", "")), **await _in_time(_logs(tools), {}, SHORT_LIMIT)}
    return Inquiry(
        logs=logs,
        patches=await _in_time(_patches(tools), {}, SHORT_LIMIT),
        failures=[_line(one) for one in report.get("failures", ())],
        comparison=str(report.get("comparison", "")),
        state=[f"{one['name']}: {one['detail']}" for one in report.get("checklist", ())],
        largest_bytes=largest_bytes,
    )


def bounded(report: Mapping[str, Any]) -> Report:
    """Cut what is too long, and say so: a report has its place in the store, on a card and in a letter."""
    return {name: _cut(value) for name, value in report.items()}


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LARGEST_TEXT else f"{value[:LARGEST_TEXT]}\n[shortened]"
    if isinstance(value, Mapping):
        return {key: item[:LONGEST_LINE] if isinstance(item, str) else item for key, item in value.items()}
    if isinstance(value, list | tuple):
        shown = [item[:LONGEST_LINE] if isinstance(item, str) else _cut(item) for item in value[:MOST_LINES]]
        return [*shown, f"and {len(value) - MOST_LINES} more"] if len(value) > MOST_LINES else shown
    return value


async def _in_time(work: Awaitable[Any], otherwise: Any, limit: timedelta = LIMIT) -> Any:
    """Wait for a part of the evidence; what goes wrong with it must not keep the rest from people."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await work
    except (ToolError, TimeoutError) as error:
        log.warning("a part of the evidence is missing: %s", type(error).__name__)
        return otherwise


async def _checklist(tools: Toolbox) -> tuple[dict[str, Any], ...]:
    return tuple([asdict(line) for line in await destination_of(tools).checklist()])


async def _analyzed(tools: Toolbox) -> events.Analyzed | None:
    entries = await tools.store.journal.of(tools.release_id)
    body = next((entry.body for entry in entries if entry.kind == events.Analyzed.KIND), None)
    found = events.load(events.Analyzed.KIND, body) if body else None
    return found if isinstance(found, events.Analyzed) else None


async def _change(tools: Toolbox) -> list[str]:
    """Tell what came since the last good version: commits and files by category, and where to compare them."""
    found = await _analyzed(tools)
    if found is None:
        return []
    since = f"{found.from_version} ({found.from_commit[:7]})" if found.from_version else "nothing"
    files = sum(map(len, found.categories.values()))
    name, base = tools.service.repository.github, found.from_commit
    address = f"https://github.com/{name}/compare/{base[:12]}...{found.commit[:12]}" if name and base else ""
    return [
        f"{since} -> {found.commit[:7]}: {_count(len(found.commits), 'commit')}, {_count(files, 'file')}",
        *([address] if address else []),
        *(f"{category}: {_some(names)}" for category, names in found.categories.items()),
        *(f"{commit.sha[:7]} {commit.subject} ({commit.author})" for commit in found.commits[:MOST_COMMITS]),
    ]


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_FILES} more" if len(names) > MOST_FILES else ""
    return ", ".join(names[:MOST_FILES]) + more


async def _approvers(tools: Toolbox) -> list[str]:
    """Name who approved, each once; nobody where the environment asks for no approval."""
    entries = await tools.store.journal.of(tools.release_id)
    given = [
        str(entry.body.get("person") or entry.body.get("by"))
        for entry in entries
        if entry.kind in {events.Voted.KIND, events.Decided.KIND} and entry.body.get("choice") == "approved"
    ]
    return list(dict.fromkeys(given))


async def _last_good(tools: Toolbox) -> str:
    versions = {(d.current or {}).get("version", "") for d in (await tools.deployed()).values()}
    return ", ".join(sorted(versions - {""}))


def _comparison(target: Target) -> str:
    """Compare each of the last failures with the one before it."""
    known = [
        Failure(f["release"], f["version"], f["stage"], f["cause"], bool(f.get("failing_before")))
        for f in target.recent_failures
    ]
    return "\n".join(compare(earlier, later).sentence for earlier, later in reversed(list(pairwise(known))))


def _line(failure: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in failure.items() if value)


async def _logs(tools: Toolbox) -> Mapping[str, str]:
    """Read what runs now, masked by the values on its host."""
    found = {}
    for server in tools.servers.values():
        for name in tools.service.components:
            found[f"{name}@{server.name}"] = await _log(name, server, tools)
    return found


async def _log(name: str, server: Server, tools: Toolbox) -> str:
    try:
        container = await serving(tools, server, name)
        if container is None:
            return "There is no container."
        return (await told(tools, server, await server.containers.logs(container.id, tail=LOG_LINES))).text
    except ToolError as error:
        return f"It could not be read: {type(error).__name__}."


async def _patches(tools: Toolbox) -> Mapping[str, str]:
    found = await _analyzed(tools)
    paths = [path for names in found.categories.values() for path in names] if found else []
    if found is None or not found.from_commit or not paths:
        return {}
    diff = await tools.repository.diff(found.from_commit, found.commit, paths[:MOST_LINES])
    return {patch.path: patch.text for patch in file_patches(await asyncio.to_thread(without_secrets, diff))}
