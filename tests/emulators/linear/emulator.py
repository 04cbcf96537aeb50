"""The emulator as tests and the demo use it: `async with LinearEmulator(issues) as linear:`."""

import secrets
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from graphql import GraphQLError, graphql_sync

from tests.emulators.linear.schema import schema
from tests.emulators.linear.world import Attachment, Issue
from tests.emulators.loopback import Faults, Loopback

Json = dict[str, Any]


class LinearEmulator:
    """Some issues, one API key."""

    def __init__(self, *issues: Issue, port: int = 0) -> None:
        self.key = "_".join(("lin", "api", secrets.token_hex(20)))
        self.issues = {issue.identifier: issue for issue in issues}
        self.requests: list[str] = []
        """The name of every operation that was asked for."""
        self._server = Loopback(self._application, port)
        self._root = {"issue": self._issue, "issueUpdate": self._move, "attachmentCreate": self._attach}

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    def __getitem__(self, identifier: str) -> Issue:
        return self.issues[identifier]

    @property
    def url(self) -> str:
        """Tell the address of the API."""
        return f"{self._server.url}/graphql"

    @property
    def faults(self) -> Faults:
        """Reach the switches for slow, failing and lost answers."""
        return self._server.faults

    async def down(self) -> None:
        """Refuse connections until `up`."""
        await self._server.down()

    async def up(self) -> None:
        """Be reachable, on the same port as before."""
        await self._server.up()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/graphql", self._asked)
        return application

    async def _asked(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != self.key:
            told = _told("Authentication required, not authenticated", "AUTHENTICATION_ERROR")
            return web.json_response({"errors": [told]}, status=401)
        body = await request.json()
        self.requests.append(str(body.get("operationName")))
        answer = graphql_sync(
            schema(),
            body["query"],
            root_value=self._root,
            variable_values=body.get("variables"),
            operation_name=body.get("operationName"),
        )
        status = 400 if answer.data is None and answer.errors else 200
        return web.json_response(_shaped(answer.data, list(answer.errors or ())), status=status)

    def _issue(self, _info: Any, id: str) -> Json:  # noqa: A002 - Linear's own name
        return _issue_shape(self._found(id))

    def _move(self, _info: Any, id: str, input: Mapping[str, Any]) -> Json:  # noqa: A002 - Linear's own names
        issue = self._found(id)
        state = issue.team.state_of(str(input.get("stateId")))
        if state is None:
            raise _Refusal("Discrepancy between issue state and team", "INPUT_ERROR")
        issue.move(state)
        return {"success": True, "issue": _issue_shape(issue)}

    def _attach(self, _info: Any, input: Mapping[str, Any]) -> Json:  # noqa: A002 - Linear's own name
        issue = self._found(str(input["issueId"]))
        link = issue.attach(str(input["url"]), str(input["title"]), str(input.get("subtitle") or ""))
        return {"success": True, "attachment": _link_shape(link)}

    def _found(self, name: str) -> Issue:
        found = (issue for issue in self.issues.values() if name in (issue.id, issue.identifier))
        issue = next(found, None)
        if issue is None:
            raise _Refusal("Entity not found: Issue", "INPUT_ERROR")
        return issue


class _Refusal(GraphQLError):
    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, extensions={"type": code.lower().replace("_", " "), "code": code})


def _told(message: str, code: str) -> Json:
    return {"message": message, "extensions": {"type": code.lower().replace("_", " "), "code": code}}


def _shaped(data: Any, errors: list[GraphQLError]) -> Json:
    body: Json = {"data": data}
    return body | ({"errors": [error.formatted for error in errors]} if errors else {})


def _issue_shape(issue: Issue) -> Json:
    states = [{"id": known, "name": name, "type": "started"} for name, known in issue.team.states.items()]
    return {
        "id": issue.id,
        "identifier": issue.identifier,
        "title": issue.title,
        "url": f"https://linear.app/acme/issue/{issue.identifier}",
        "state": {"id": issue.team.states[issue.state], "name": issue.state, "type": "started"},
        "team": {
            "id": issue.team.id,
            "key": issue.team.key,
            "name": issue.team.key,
            "states": {"nodes": states, "pageInfo": {"hasNextPage": False}},
        },
        "attachments": {
            "nodes": [_link_shape(one) for one in issue.attachments.values()],
            "pageInfo": {"hasNextPage": False},
        },
    }


def _link_shape(link: Attachment) -> Json:
    return {"id": link.id, "title": link.title, "subtitle": link.subtitle, "url": link.url}
