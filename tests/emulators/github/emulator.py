"""The emulator as tests and the demo use it: `async with GitHubEmulator({"acme/observer": bare}) as github:`."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.emulators.github.accounts import Account, Accounts, App
from tests.emulators.github.server import Wire
from tests.emulators.github.world import Repository
from tests.emulators.loopback import Faults, Loopback
from tools.clock import Clock, SystemClock

T = TypeVar("T")
_AGAIN = 0.05
"""Seconds after which a condition is asked about again, although nothing was seen to change."""


class GitHubEmulator:
    """Some repositories, one app with a token."""

    def __init__(
        self, repositories: Mapping[str, Path], *, hourly_limit: int = 5000, clock: Clock | None = None, port: int = 0
    ) -> None:
        ids = count(1001)
        clock = clock or SystemClock()
        self.token = "_".join(("ghs", secrets.token_hex(18)))
        self.person_token = "_".join(("ghp", secrets.token_hex(18)))
        """A token of a person, which may not write check runs."""
        self.repositories = {name: Repository(name, directory, clock, ids) for name, directory in repositories.items()}
        self._watchers: set[asyncio.Event] = set()
        self.app = App(clock)
        """The bot's App; `app.installed(...)` puts it on repositories."""
        known = {self.token: Account("shipmate[bot]"), self.person_token: Account("ana")}
        self._accounts = Accounts(clock, self.app, known)
        self._wire = Wire(self.repositories, self._accounts, hourly_limit, clock, self._touch)
        self._server = Loopback(self._wire.application, port)

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    @property
    def url(self) -> str:
        """Tell the base URL of the REST API."""
        return self._server.url

    @property
    def faults(self) -> Faults:
        """Reach the switches for slow, failing and lost answers."""
        return self._server.faults

    @property
    def remaining(self) -> int:
        """Tell how many requests the rate limit still allows."""
        return self._wire.remaining

    @remaining.setter
    def remaining(self, number: int) -> None:
        self._wire.remaining = number

    @property
    def requests(self) -> list[tuple[str, str, dict[str, Any]]]:
        """List every authenticated request: method, path, body."""
        return self._wire.requests

    def fine_grained(self, *, login: str = "ana", **permissions: str) -> str:
        """Make a fine-grained token of a person, with these permissions and no other."""
        return self._known("github_pat", Account(login, {"metadata": "read", **permissions}))

    def classic(self, *scopes: str, login: str = "ana") -> str:
        """Make a classic token of a person."""
        return self._known("ghp", Account(login, scopes=scopes))

    def _known(self, prefix: str, account: Account) -> str:
        token = "_".join((prefix, secrets.token_hex(18)))
        self._accounts.known[token] = account
        return token

    def __getitem__(self, full_name: str) -> Repository:
        return self.repositories[full_name]

    async def down(self) -> None:
        """Refuse connections until `up`."""
        await self._server.down()

    async def up(self) -> None:
        """Be reachable, on the same port as before."""
        await self._server.up()

    async def until(self, found: Callable[[], T], timeout: float = 90.0) -> T:  # noqa: ASYNC109 - the limit is the point
        """Return the first true answer of `found`, asked again after every request, and often: it may ask of others."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            async with asyncio.timeout(timeout):
                while not (answer := found()):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_AGAIN):
                            await changed.wait()
                    changed.clear()
                return answer
        except TimeoutError:
            raise AssertionError(f"Nothing of the kind within {timeout} s, after {self.requests}") from None
        finally:
            self._watchers.discard(changed)

    def _touch(self) -> None:
        for watcher in self._watchers:
            watcher.set()
