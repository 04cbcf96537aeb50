"""GitHub as the sender of webhooks: its own payloads about our repositories, signed, and sent again on request."""

import io
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from pydantic import SecretStr

from tests.corpora.webhooks import event_of, payload
from tools.github_events import signature

Json = dict[str, Any]
NOTHING = "0" * 40
ANSWER_SECONDS = 10.0
"""github.com counts a delivery that is answered later as failed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said; status 0 where nobody did."""

    status: int
    body: str
    seconds: float

    @property
    def told(self) -> Json:
        """The answer as JSON."""
        told: Json = json.loads(self.body)
        return told


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it is sent; sent again it is the same to the last byte."""

    id: str
    event: str
    body: bytes


@dataclass(slots=True)
class Webhook:
    """`async with Webhook(url, secret) as hook:`, then what happens at GitHub."""

    url: str
    secret: SecretStr
    sent: list[tuple[Delivery, Answer]] = field(default_factory=list)
    _session: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        connections = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connections, timeout=aiohttp.ClientTimeout(ANSWER_SECONDS))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def pushes(self, repository: str, branch: str, commit: str, *, by: str = "ana") -> Answer:
        """Tell that a branch was pushed to."""
        return await self.delivers("push", repository, by, ref=f"refs/heads/{branch}", after=commit, deleted=False)

    async def tags(self, repository: str, tag: str, commit: str, *, by: str = "ana") -> Answer:
        """Tell that a tag was pushed."""
        return await self.delivers("push-tag", repository, by, ref=f"refs/tags/{tag}", after=commit, before=NOTHING)

    async def publishes(self, repository: str, tag: str, *, by: str = "ana") -> Answer:
        """Tell that a release was published."""
        return await self.delivers("release", repository, by, release=payload("release")["release"] | {"tag_name": tag})

    async def opens_pull(self, repository: str, number: int, *, by: str = "ana") -> Answer:
        """Tell that a pull request was opened."""
        return await self.delivers("pull_request", repository, by, number=number)

    async def ends_checks(self, repository: str, commit: str, conclusion: str = "success") -> Answer:
        """Tell that a check suite has ended."""
        suite = payload("check_suite")["check_suite"] | {"head_sha": commit, "conclusion": conclusion}
        return await self.delivers("check_suite", repository, "ana", check_suite=suite)

    async def delivers(self, name: str, repository: str, by: str, **changed: Any) -> Answer:
        """Send one of GitHub's own payloads, about one of our repositories and people."""
        return await self.sends(self.delivery(name, repository, by, **changed))

    def delivery(self, name: str, repository: str, by: str, **changed: Any) -> Delivery:
        """Make a delivery of one of GitHub's own payloads."""
        told = payload(name)
        owner, _, short = repository.partition("/")
        told["repository"] |= {"full_name": repository, "name": short}
        told["repository"]["owner"] |= {"login": owner}
        told["sender"] |= {"login": by}
        body = json.dumps(told | changed, separators=(",", ":")).encode()
        return Delivery(str(uuid.uuid4()), event_of(name), body)

    async def again(self) -> Answer:
        """Redeliver what was sent last, under its own id."""
        return await self.sends(self.sent[-1][0])

    async def sends(self, delivery: Delivery, **different: str) -> Answer:
        """Send a delivery, with other headers where a test wants them."""
        headers = {**self._headers(delivery), **different}
        begun = time.perf_counter()
        try:
            async with self._session.post(self.url, data=io.BytesIO(delivery.body), headers=headers) as said:
                answer = Answer(said.status, await said.text(), time.perf_counter() - begun)
        except (TimeoutError, aiohttp.ClientError) as error:
            answer = Answer(0, repr(error), time.perf_counter() - begun)
        self.sent.append((delivery, answer))
        return answer

    def _headers(self, delivery: Delivery) -> Mapping[str, str]:
        return {
            "User-Agent": "GitHub-Hookshot/5e1d2a1",
            "Content-Type": "application/json",
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": delivery.id,
            "X-GitHub-Hook-ID": "292430182",
            "X-Hub-Signature-256": signature(self.secret, delivery.body),
        }
