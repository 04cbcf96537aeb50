"""The line in front of the gate: newest commits only, two at once, and each ends with a verdict that is shown.

What is wanted and what was found lie in the store: a bot that dies goes on with both.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from agents.gate.board import Board
from agents.gate.sheet import check_of, dump, ended, load
from agents.gate.suites import Bench, examined, key
from agents.gate.wishes import of_branch, of_pull
from agents.triggers import Examine, of_repository
from config.service import Service
from config.shipmate import Configuration
from tools import containment
from tools.clock import Clock
from tools.codecov import Codecov
from tools.errors import ToolError
from tools.github_checks import Check
from tools.github_client import GithubClient
from tools.history import Store
from tools.history.gates import Gate
from tools.redaction import Redactor
from tools.repository import Repository

log = logging.getLogger(__name__)

AT_ONCE = 2
"""So many commits are tested at once, one suite after the other: releases need the machine more."""
ROOM = timedelta(minutes=15)
"""For fetching and copying, beside the time limits of the suites."""
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 15, 60, 300))
ATTEMPTS, ATTEMPTS_TO_TELL = 12, 300
"""A commit that cannot be tested for an hour has failed; a verdict that cannot be shown for a day is given up."""
SUPERSEDED = ended("cancelled", "Superseded by a newer commit.")
_Key = tuple[str, str]


@dataclass(slots=True)
class Gating:
    """One per process; `ask` and then `run`, in any order."""

    configuration: Configuration
    github: GithubClient | None
    repository_of: Callable[[Service], Repository]
    store: Store
    redactor: Redactor
    codecov: Codecov | None
    clock: Clock
    _bench: Bench = field(init=False)
    _rung: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _tasks: dict[_Key, tuple[Gate, asyncio.Task[None]]] = field(default_factory=dict)
    _attempts: dict[_Key, int] = field(default_factory=dict)
    _not_before: dict[_Key, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place = self.configuration.shipmate.workspace / "gate"
        self._bench = Bench(self.repository_of, self.store.gates, self.codecov, place)

    async def ask(self, wanted: Examine) -> str:
        """Want the newest commit of a branch or a pull request tested; tells what becomes of it."""
        services = self._services(wanted.repository)
        if not services or self.github is None:
            return f"the gate of {wanted.repository} is off, or GitHub cannot be asked"
        if wanted.commit:
            again = await self.store.gates.again(wanted.repository.lower(), wanted.commit)
            self._rung.set()
            return f"{wanted.commit[:12]} is{'' if again else ' not'} to be tested again"
        async with self._asking:
            repository = self.repository_of(services[0])
            asked = await (
                of_pull(wanted, self.github, repository, self.clock)
                if wanted.number
                else of_branch(wanted, services, repository)
            )
            if asked is None:
                return f"there is nothing to test for {wanted.branch or f'pull request {wanted.number}'} any more"
            fresh = await self.store.gates.ask(asked, dump(SUPERSEDED))
        self._rung.set()
        return f"{asked.commit[:12]} is to be tested" if fresh else f"{asked.commit[:12]} was tested before"

    async def run(self) -> None:
        """Work until cancelled; what is under way then is done again at the next start."""
        await asyncio.to_thread(shutil.rmtree, self._bench.place, ignore_errors=True)
        await self.store.gates.forget()
        try:
            while True:
                self._rung.clear()
                await self._turn()
                await self._rest()
        finally:
            tasks = [task for _, task in self._tasks.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _services(self, repository: str) -> tuple[Service, ...]:
        declared = of_repository(repository, self.configuration.services)
        return tuple(service for service in declared if service.repository.gate)

    async def _turn(self) -> None:
        """Begin what can begin, and stop what is no longer wanted."""
        try:
            now = self.clock.monotonic()
            for gate in await self.store.gates.open():
                key = (gate.repository, gate.commit)
                if key in self._tasks:
                    under_way, task = self._tasks[key]
                    if (under_way.verdict, under_way.needs) != (gate.verdict, gate.needs):
                        _ = task.cancelling() or task.cancel()  # once: it still has to clean up
                elif self._not_before.get(key, now) <= now:
                    self._tasks[key] = gate, asyncio.create_task(self._work(gate))
        except Exception:
            # whatever is wrong with the database, the next turn starts from the store again
            log.exception("The gate cannot be worked at now.")

    async def _rest(self) -> None:
        now = self.clock.monotonic()
        waits = [60.0, *(moment - now for moment in self._not_before.values() if moment > now)]
        try:
            async with asyncio.timeout(max(0.05, min(waits))):
                await self._rung.wait()
        except TimeoutError:
            return

    async def _work(self, gate: Gate) -> None:
        key = (gate.repository, gate.commit)
        try:
            await (self._examine(gate) if gate.verdict is None else self._tell(gate))
        except ToolError as error:
            await self._later(gate, str(error))
        except Exception as error:  # one commit that cannot be worked at must not hold up the others
            log.exception("the gate of %s at %s", *key)
            await self._later(gate, f"Shipmate failed ({type(error).__name__}).")
        else:
            self._not_before.pop(key, None)
            self._attempts.pop(key, None)
        finally:
            del self._tasks[key]
            self._rung.set()

    async def _later(self, gate: Gate, why: str) -> None:
        """Try again after a pause; what could not be tested for long has failed, and is shown as that."""
        key = (gate.repository, gate.commit)
        tried = self._attempts[key] = self._attempts.get(key, 0) + 1
        log.warning("the gate of %s at %s: %s", *key, why)
        if tried < (ATTEMPTS if gate.verdict is None else ATTEMPTS_TO_TELL):
            self._not_before[key] = self.clock.monotonic() + PAUSES[min(tried, len(PAUSES)) - 1].total_seconds()
            return
        self._not_before.pop(key, None)
        self._attempts.pop(key)
        if gate.verdict is None:
            check = ended("failure", "The suites could not be run.", self.redactor.outgoing(why))
            await self.store.gates.settle(gate, dump(check), {})
        else:
            await self.store.gates.finish(gate)

    async def _examine(self, gate: Gate) -> None:
        """Run the suites and keep the verdict. Where only a status can be shown nothing is left out: it has no half."""
        services = self._services(gate.repository)
        if not services or self.github is None:
            await self.store.gates.settle(gate, dump(ended("cancelled", "The gate was switched off.")), {})
            return
        board = Board(self.github, gate.repository)
        checks = await board.show(gate.commit, "queued", f"Waiting; {AT_ONCE} commits are tested at once.")
        async with self._places:
            wanted = gate if checks else replace(gate, whole=True)
            check, coverage = await self._verdict(wanted, services, board)
        await self.store.gates.settle(gate, dump(check), coverage)

    async def _verdict(self, gate: Gate, services: Sequence[Service], board: Board) -> tuple[Check, dict[str, float]]:
        async def progress(told: str) -> None:
            await board.show(gate.commit, "in_progress", told)

        suites = [suite for service in services for suite in service.suites.values()]
        limit = sum((suite.timeout for suite in suites), ROOM)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                report = await examined(gate, services, self._bench, progress)
        except TimeoutError:
            return ended("timed_out", f"The suites did not end within {limit}."), {}
        return check_of(report, self.redactor.outgoing), report.coverage

    async def _tell(self, gate: Gate) -> None:
        """Show the verdict, and only then forget about it."""
        check = load(gate.verdict or {})
        if check.conclusion == "cancelled":
            await self._end_containers(gate)
        if self.github is not None:
            await Board(self.github, gate.repository).conclude(gate.commit, check)
        await self.store.gates.finish(gate)

    async def _end_containers(self, gate: Gate) -> None:
        """End what a bot that was killed left running for a commit that nobody waits for any more."""
        for service in self._services(gate.repository):
            for name in (name for name, suite in service.suites.items() if suite.image):
                await containment.ended(f"shipmate-{key(service, gate.commit)}-{name}", os.environ)
