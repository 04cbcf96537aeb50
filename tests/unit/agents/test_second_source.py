"""P10: a way back takes the archive on the host where the image is gone and no registry brings it; a deploy never."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.destinations.compose.second_source import ensured, named_again
from agents.toolbox import Toolbox
from guardrails.plan import Intended, PlannedStep, to_json
from guardrails.plan_targets import Running
from tests.unit.agents.test_draft import SERVICE, drawn
from tests.unit.agents.test_survey import answering
from tools.errors import CommandFailed, NotFound, Superseded, ToolError, Unreachable
from tools.hosts import Completed

BEFORE = Running("registry.example.com/api", "sha256:1d", "sha256:d1", "v1.2.2", None)
NO_TIME = timedelta(0)


class Shelf:
    """A host whose engine has lost an image, and whose archive may have it."""

    name = "web-1"

    def __init__(self, *, archived: bool = True, error: ToolError | None = None) -> None:
        self.archived, self.error = archived, error
        self.has = False
        self.named: list[tuple[str, str]] = []
        self.loaded: list[str] = []

    async def run(self, argv: tuple[str, ...], **_: object) -> Completed:
        if argv[1] == "load":
            self.loaded.append(argv[-1])
            self.has = self.archived
        return Completed(argv, 0 if self.has else 1, "", "", NO_TIME)

    async def tag(self, reference: str, name: str) -> None:
        if not self.has:
            raise CommandFailed("No such image")
        self.named.append((reference, name))

    async def image(self, _: str) -> object:
        return object() if self.has else None

    async def ensure(self, *_: str) -> None:
        if self.error:
            raise self.error


def crew(shelf: Shelf, kind: str = "rollback", ran: Running = BEFORE) -> tuple[Toolbox, PlannedStep]:
    async def recent(*_: object, **__: object) -> list[object]:
        return [SimpleNamespace(id="r1")]

    first = replace(drawn().steps[0], before=ran)
    stored = to_json(replace(drawn(), steps=(first,)))
    store = SimpleNamespace(
        releases=SimpleNamespace(recent=recent),
        decisions=SimpleNamespace(plan=answering(("digest", stored))),
    )
    tools: Any = SimpleNamespace(
        servers={"web-1": SimpleNamespace(name="web-1", host=shelf, images=shelf)},
        service=SERVICE,
        environment_name="production",
        environment=SERVICE.environments["production"],
        release=answering(SimpleNamespace(kind=kind)),
        store=store,
    )
    after = Intended(BEFORE.image, "v1.2.2", "sha256:d1")
    return cast("Toolbox", tools), PlannedStep("api", "web-1", None, after)


async def test_p10_what_ran_before_comes_back_from_the_archive_where_its_image_is_gone() -> None:
    shelf = Shelf()
    tools, _ = crew(shelf)
    await named_again(tools, tools.servers["web-1"], BEFORE, "v1.2.2")
    assert shelf.loaded == ["/srv/observer/archive/api@v1.2.2.tar"]
    assert shelf.named == [("sha256:1d", "registry.example.com/api:v1.2.2")]


async def test_p10_a_rollback_by_a_person_needs_no_registry_where_the_archive_has_exactly_what_ran() -> None:
    shelf = Shelf(error=Unreachable("The registry is away."))
    await ensured(*crew(shelf))
    assert shelf.named == [("sha256:1d", "registry.example.com/api:v1.2.2")]


@pytest.mark.parametrize(
    ("kind", "ran", "error"),
    [
        ("deploy", BEFORE, Unreachable("away")),
        ("rollback", replace(BEFORE, digest="sha256:other"), Unreachable("away")),
        ("rollback", BEFORE, Superseded("newer")),
    ],
)
async def test_p10_an_archive_stands_in_for_nothing_else(kind: str, ran: Running, error: ToolError) -> None:
    shelf = Shelf(error=error)
    with pytest.raises(type(error)):
        await ensured(*crew(shelf, kind, ran))
    assert shelf.loaded == []


async def test_p10_an_archive_of_something_else_is_told_and_started_by_nobody() -> None:
    shelf = Shelf(archived=False)
    tools, _ = crew(shelf)
    with pytest.raises(NotFound, match="is gone from web-1"):
        await named_again(tools, tools.servers["web-1"], BEFORE, "v1.2.2")
    assert shelf.named == []
