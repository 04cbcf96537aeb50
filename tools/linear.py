"""Issues in Linear: found by their identifier, moved to a workflow state, given a link. All of it may be repeated."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from tools.answers import body_of
from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable
from tools.references import is_loopback

_TIMEOUT = timedelta(seconds=15)
_LARGEST_ANSWER_BYTES = 4 * 1024**2
_UNWELL, _TOO_MANY = 500, 429
_BUSY_SECONDS = 60.0

_ISSUE = """
query Issue($id: String!) {
  issue(id: $id) {
    id identifier
    state { id name }
    team { key states(first: 100) { nodes { id name } } }
  }
}"""
_MOVE = """
mutation Move($id: String!, $state: String!) {
  issueUpdate(id: $id, input: { stateId: $state }) { success }
}"""
_LINK = """
mutation Link($input: AttachmentCreateInput!) {
  attachmentCreate(input: $input) { success }
}"""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue, and the states that its team has."""

    id: str
    identifier: str
    state: str
    team: str
    states: Mapping[str, str]
    """Name -> id."""


class Busy(Denied):
    """Linear takes no more for a while."""

    def __init__(self, happened: str, seconds: float) -> None:
        super().__init__(happened, remedy=f"It is tried again in {seconds:.0f} s.")
        self.seconds = seconds


class Linear:
    """One workspace, by an API key."""

    def __init__(
        self,
        key: SecretStr,
        url: str,
        timeout: timedelta = _TIMEOUT,
        outgoing: Callable[[Any], Any] = lambda told: told,
    ) -> None:
        self._key = key
        self._outgoing = outgoing
        self._url = url
        self._timeout = timeout

    async def issue(self, identifier: str) -> Issue | None:
        """Find an issue (`BE-577`); None where there is none that the key may see."""
        try:
            found = await self._ask("Issue", _ISSUE, {"id": identifier})
        except NotFound:
            return None
        return _issue(found)

    async def move(self, issue: Issue, state: str) -> bool:
        """Put an issue into a workflow state of its team; False where it was there already.

        Raises `NotFound`, with the states there are, for a state that the team does not have.
        """
        if issue.state.lower() == state.lower():
            return False
        known = {name.lower(): state_id for name, state_id in issue.states.items()}
        if state.lower() not in known:
            raise NotFound(
                f"Team {issue.team} in Linear has no state {state}.",
                standing=f"{issue.identifier} stays in {issue.state}.",
                remedy=f"Name one of these in `issues` of the service: {', '.join(issue.states)}.",
            )
        await self._ask("Move", _MOVE, {"id": issue.id, "state": known[state.lower()]})
        return True

    async def link(self, issue: Issue, url: str, title: str, subtitle: str) -> None:
        """Put a link on an issue; the same address again changes what it says."""
        fields = {"issueId": issue.id, "url": url, "title": title, "subtitle": subtitle}
        await self._ask("Link", _LINK, {"input": fields})

    async def _ask(self, name: str, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        body = {"query": query, "operationName": name, "variables": self._outgoing(variables)}
        headers = {"Authorization": self._key.get_secret_value()}
        outside = not is_loopback(urlsplit(self._url).netloc)
        try:
            async with (
                asyncio.timeout(self._timeout.total_seconds()),
                aiohttp.ClientSession(trust_env=outside) as session,
                session.post(self._url, json=body, headers=headers, allow_redirects=False) as answer,
            ):
                return _judged(answer.status, await body_of(answer, "Linear", _LARGEST_ANSWER_BYTES))
        except TimeoutError as error:
            raise TimedOut(f"Linear did not answer within {self._timeout.total_seconds():g} s.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"Linear cannot be reached: {error}.", remedy="Check the network.") from error


def _judged(status: int, text: bytes) -> Mapping[str, Any]:
    """Take the data out of an answer; GraphQL tells errors with any status."""
    if status >= _UNWELL:
        raise Unreachable(f"Linear answered {status}.", remedy="It is tried again.")
    try:
        document = json.loads(text)
        errors, data = document.get("errors"), document.get("data")
        if errors or status == _TOO_MANY:
            raise _refused(status, errors or [{}])
        return dict(data)
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        raise Garbled("Linear answered with something that is no GraphQL.", remedy="Check LINEAR_API_URL.") from error


def _refused(status: int, errors: list[Any]) -> ToolError:
    said = str(errors[0].get("message", ""))[:300]
    code = str((errors[0].get("extensions") or {}).get("code", ""))
    if code == "RATELIMITED" or status == _TOO_MANY:
        return Busy("Linear's rate limit is used up.", _BUSY_SECONDS)
    if code in ("AUTHENTICATION_ERROR", "FORBIDDEN") or status in (401, 403):
        return Denied(
            f"Linear does not accept the key: {said}", remedy="Set LINEAR_API_KEY to a key that may write issues."
        )
    if said.startswith("Entity not found"):
        return NotFound(f"Linear: {said}", remedy="Check the identifier in the commit message.")
    return Denied(f"Linear refuses: {said}", remedy="Look at the issue in Linear.")


def _issue(found: Mapping[str, Any]) -> Issue:
    try:
        one = found["issue"]
        states = {str(state["name"]): str(state["id"]) for state in one["team"]["states"]["nodes"]}
        return Issue(str(one["id"]), str(one["identifier"]), str(one["state"]["name"]), str(one["team"]["key"]), states)
    except (KeyError, TypeError) as error:
        raise Garbled("Linear's answer is not of the agreed form.") from error
