"""Durable wake-ups: which release is to be moved on, kept by DBOS until it was.

A release advances in segments, from a start or an answer to the next question or
the end. Waiting for a person holds no process. A wake-up is an insert on a primary
key, `{release}/{why}`, so the same one delivered twice runs once; wake-ups of one
target run one after the other; those of a killed or stopped process run again.
"""

import asyncio
import contextvars
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dbos import DBOS, Queue, SetEnqueueOptions, SetWorkflowID

from tools.redaction import Redactor

Work = Callable[[str], Awaitable[Any]]
QUEUE = "segments"
REQUESTS = "requests"
A_MOMENT = timedelta(milliseconds=100)
"""Later than its moment, a look finds that to be over."""
GRACE = timedelta(seconds=10)
"""For work that a stop cut short to clean up after itself."""
APPLICATION = "shipmate"
VERSION = "1"
"""Raised only when the workflows below change shape; releases survive upgrades of everything else."""


@dataclass(slots=True)
class Segments:
    """The workflows of one process: `drive` moves a release on, `expire` closes a question, `serve` answers a call."""

    database: str
    drive: Work
    expire: Work
    serve: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
    redactor: Redactor = field(default_factory=Redactor)
    """DBOS writes down what workflows return and raise."""
    look: Work | None = None
    """Looks at a target again."""
    poll: timedelta = timedelta(milliseconds=200)
    _workflows: dict[str, Any] = field(default_factory=dict)
    _queues: dict[str, Queue] = field(default_factory=dict)
    _started: asyncio.Event = field(default_factory=asyncio.Event)
    _stopped: bool = False
    _begun: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    """Drives that did not wait for the queue, by release."""
    _working: set[asyncio.Task[Any]] = field(default_factory=set)
    _under_way: set[asyncio.Task[Any]] = field(default_factory=set)
    """Those at work, and those whose end DBOS is writing down."""

    async def start(self) -> None:
        """Begin to work; what a killed process left unfinished is taken up."""
        logging.getLogger("dbos").addFilter(_worth_telling)
        DBOS(config=_config(self.database))
        works = (("drive", self._take_up), ("expire", self.expire), ("serve", self.serve), ("look", self._look))
        for name, work in works:
            self._workflows[name] = _workflow(name, self._discreet(self._interruptible(work)))
        DBOS.launch()
        seconds = self.poll.total_seconds()
        self._queues[QUEUE] = await DBOS.register_queue_async(
            QUEUE, partition_concurrency=1, polling_interval_sec=seconds, on_conflict="always_update"
        )
        self._queues[REQUESTS] = await DBOS.register_queue_async(
            REQUESTS, polling_interval_sec=seconds, on_conflict="always_update"
        )
        self._started.set()

    async def stop(self) -> None:
        """Cut short what is under way, which the next start takes up, and let go of the database."""
        self._stopped = True
        self._started.set()
        for task in self._working:
            task.cancel()
        await asyncio.sleep(self.poll.total_seconds())  # what was claimed a moment ago finds that we have stopped
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=GRACE.total_seconds())
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # DBOS made its own threads those of the loop, and they are gone now.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    async def wake(self, release: str, why: str, target: str, *, at_once: bool = False) -> None:
        """Move a release on, once per reason; `at_once`, where no other release of its target can be under way.

        What begins at once does not wait for the queue's next poll. The wake-up is durable before it begins.
        """
        await self._enqueue("drive", f"{release}/{why}", release, partition=target)
        if at_once:
            work = self._interruptible(self.drive)(release)
            drive: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
            self._begun[release] = drive
            drive.add_done_callback(lambda ended: self._forget(release, ended))

    async def expire_after(self, question: str, delay: timedelta) -> None:
        """Close a question when its time is over; answered questions do not care."""
        await self._enqueue("expire", f"{question}/expiry", question, partition=question, delay=delay)

    async def look_after(self, target: str, delay: timedelta) -> None:
        """Look at a target again after a while; looking too often does no harm."""
        key = f"{target}/look-{uuid.uuid4()}"
        await self._enqueue("look", key, target, partition=key, delay=delay + A_MOMENT)

    async def _look(self, target: str) -> None:
        if self.look:
            await self.look(target)

    async def _take_up(self, release: str) -> None:
        """Drive a release, or wait for the drive that began at once."""
        await (self._begun.get(release) or self.drive(release))

    def _forget(self, release: str, ended: asyncio.Task[Any]) -> None:
        if self._begun.get(release) is ended:
            del self._begun[release]

    def _interruptible(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Let a stop end the work; DBOS records no end of a cancelled step, and so takes it up again."""

        async def run(*arguments: Any) -> Any:
            task = asyncio.current_task()
            if task is None:
                raise asyncio.CancelledError
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            await self._started.wait()
            if self._stopped:
                raise asyncio.CancelledError
            self._working.add(task)
            try:
                return await work(*arguments)
            finally:
                self._working.discard(task)

        return run

    def _discreet(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Return and raise nothing with a secret in it (P16)."""

        async def run(*arguments: Any) -> Any:
            try:
                return self.redactor.redact_values(await work(*arguments))
            except Exception as error:  # noqa: BLE001 - told again without secrets
                told = self.redactor.redact(f"{type(error).__name__}: {error}")
                raise RuntimeError(told) from None

        return run

    async def _enqueue(
        self, name: str, key: str, argument: str, *, partition: str, delay: timedelta | None = None
    ) -> None:
        seconds = max(delay.total_seconds(), 0.0) if delay else None

        async def insert() -> None:
            with SetWorkflowID(key), SetEnqueueOptions(queue_partition_key=partition, delay_seconds=seconds):
                await self._queues[QUEUE].enqueue_async(self._workflows[name], argument)

        # A wake-up is nobody's child: DBOS would not let a step, such as a drive, start one.
        await asyncio.get_running_loop().create_task(insert(), context=contextvars.Context())


def _worth_telling(record: logging.LogRecord) -> bool:
    """Tell whether a line of DBOS's log means anything: a wake-up claimed during a stop finds its threads gone.

    Nothing of it has run by then, and the next start takes it up.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, RuntimeError) and str(error) == "cannot schedule new futures after shutdown")


def _config(database: str) -> Any:
    return {
        "name": APPLICATION,
        "system_database_url": database,
        "executor_id": "crew",
        "application_version": VERSION,
        "log_level": "ERROR",
        "notification_listener_polling_interval_sec": 0.2,
    }


def _workflow(name: str, work: Callable[..., Awaitable[Any]]) -> Any:
    """Register a workflow of one step; it runs again after a crash, and its work finds in the store what is left."""

    async def step(*arguments: Any) -> Any:
        return await work(*arguments)

    recorded = DBOS.step(name=f"{name}-step")(step)

    async def workflow(*arguments: Any) -> Any:
        return await recorded(*arguments)

    return DBOS.workflow(name=name)(workflow)
