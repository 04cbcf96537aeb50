"""P10: data is saved before the first effect; what cannot be saved stops the release, and never a way back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents.deployer import deploy
from agents.destinations.compose.restoring import put_data_back
from agents.destinations.compose.saving import mounted, save, stock_of
from agents.destinations.port import Trouble
from agents.events import BackedUp, Event
from agents.state import State
from agents.toolbox import Toolbox
from config.backups import Backup
from config.service import Service
from guardrails.failures import outside_cause
from tests.unit.agents.test_draft import SERVICE, drawn
from tests.unit.agents.test_survey import answering
from tools.backup import Backups, Terms
from tools.errors import NotFound
from tools.hosts import Completed
from tools.inspection import Container, ContainerMount
from tools.redaction import Redactor

DATA = ContainerMount("bind", "/srv/observer/data", "/app/data/observer")
KEPT = ContainerMount("volume", "observer_kept", "/kept")
SECRETS = ContainerMount("bind", "/run/secrets", "/run/secrets", read_only=True)
API = Container("c0ffee", "observer-api-1", "api:v1", "sha256:api", "running", mounts=(DATA, KEPT, SECRETS))
WORKER = replace(API, id="beef", name="observer-worker-1", mounts=(KEPT,))
CONTENTS = "tar\tapi@kept.tar\t/kept\t10240\t3\n"


def with_backup(**settings: Any) -> Service:
    declared = SERVICE.model_dump(exclude_unset=True)
    declared["environments"]["production"]["paths"] = {"persist": ["/kept"], "backup": settings}
    return Service.model_validate(declared)


class Machine:
    """A host that keeps what is run on it, and answers as it is told."""

    name = "web-1"

    def __init__(self, exit_code: int = 0, stderr: str = "", contents: str = CONTENTS) -> None:
        self.scripts: list[str] = []
        self.exit_code, self.stderr, self.contents = exit_code, stderr, contents

    async def read(self, path: PurePosixPath) -> bytes | None:
        return self.contents.encode() if path.name == "CONTENTS" else None

    async def run(self, argv: tuple[str, ...], **_: object) -> Completed:
        self.scripts.append("\n".join(argv))
        return Completed(argv, self.exit_code, self.contents, self.stderr, timedelta(0))


def crew(machine: Machine, service: Service, *containers: Container) -> tuple[Toolbox, list[Event]]:
    reported: list[Event] = []

    async def report(event: Event) -> None:
        reported.append(event)

    async def intend(*_: str) -> None:
        return None

    by_name = {one.name.split("-")[1]: one for one in containers}

    async def find(_project: str, name: str) -> Container | None:
        return by_name.get(name.removeprefix("observer-"))

    server = SimpleNamespace(
        name="web-1",
        host=machine,
        containers=SimpleNamespace(find=find, neighbours=answering(containers)),
        instances=None,
        proxy=None,
    )
    tools = SimpleNamespace(
        release_id="20260101-120000-abc",
        service=service,
        environment_name="production",
        environment=service.environments["production"],
        servers={"web-1": server},
        store=SimpleNamespace(targets=SimpleNamespace(take_fence=answering(7))),
        clock=SimpleNamespace(monotonic=lambda: 1.0, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)),
        redactor=Redactor(),
        given_env=None,
        report=report,
        intend=intend,
    )
    return cast("Toolbox", tools), reported


def one_host() -> Any:
    plan = drawn()
    return replace(plan, target=replace(plan.compose, hosts=("web-1",)))


def test_p10_each_volume_is_saved_once_by_the_first_component_that_has_it() -> None:
    pieces = list(mounted({"api": API, "worker": WORKER}, ["/app/data", "/kept/deep"]))
    assert [(one.container, one.what, one.file, one.source) for one in pieces] == [
        ("c0ffee", "/app/data/observer", "api@app_data_observer.tar", "/srv/observer/data"),
        ("c0ffee", "/kept", "api@kept.tar", "observer_kept"),
    ]


async def test_p10_two_mounts_never_share_a_file_and_one_saved_under_its_old_name_is_put_back() -> None:
    mounts = tuple(ContainerMount("volume", f"v{at}", at) for at in ("/data/x", "/data_x", "/data_/y", "/data/_y"))
    files = [one.file for one in mounted({"api": replace(API, mounts=mounts)}, [one.target for one in mounts])]
    assert len(set(files)) == len(mounts)
    assert files[0] == "api@data_x.tar"
    machine = Machine(contents="tar\tapi@data_x.tar\t/data_x\t10240\t3\n")
    tools, _ = crew(machine, with_backup(mounts=["/data_x"]), replace(API, mounts=mounts[1:2]))
    await put_data_back(tools, tools.servers["web-1"], "20260101-1", "20260102-before-restore")
    assert "refilled c0ffee /data_x v/data_x api@data_x.tar" in machine.scripts[-1]


async def test_p10_what_must_persist_is_saved_and_told() -> None:
    machine = Machine()
    tools, reported = crew(machine, with_backup(keep=5), API, WORKER)
    assert await save(tools, one_host()) is None
    (script,) = machine.scripts
    assert "save tar api@kept.tar c0ffee /kept" in script
    assert "\nhalted \n" in script
    (event,) = reported
    assert isinstance(event, BackedUp)
    assert (event.what, event.size_bytes, event.stopped) == (("/kept",), 10240, False)
    assert event.command == "restore observer production 20260101-120000-abc"


async def test_p10_where_it_is_wanted_whatever_writes_there_is_stopped_meanwhile() -> None:
    machine = Machine()
    asleep = replace(WORKER, id="asleep", status="exited")
    tools, reported = crew(machine, with_backup(stop=True), API, WORKER, asleep)
    await save(tools, one_host())
    assert "\nhalted c0ffee beef\n" in machine.scripts[0]
    assert [event.stopped for event in reported if isinstance(event, BackedUp)] == [True]


async def test_p10_a_dump_is_taken_in_the_container_of_its_service_before_anything_is_stopped() -> None:
    machine = Machine()
    tools, _ = crew(machine, with_backup(dumps={"worker": ["pg_dump", "-U", "a b"]}, stop=True), API, WORKER)
    await save(tools, one_host())
    script = machine.scripts[0]
    assert "save dump worker.dump beef worker pg_dump -U 'a b'" in script
    assert script.index("save dump") < script.index("\nhalted c0ffee") < script.index("save tar api@kept")


async def test_p10_a_backup_that_fails_is_the_releases_trouble() -> None:
    full = Machine(75, f"{3 * 1024**2} {1024**2}")
    tools, reported = crew(full, with_backup(), API)
    trouble = await save(tools, one_host())
    assert trouble is not None
    assert "A backup on web-1 needs 3 MiB, and 1 MiB are free." in trouble.cause
    assert reported == []


async def test_p10_what_is_declared_and_not_mounted_is_no_backup() -> None:
    tools, _ = crew(Machine(), with_backup(mounts=["/elsewhere"]), API)
    with pytest.raises(NotFound, match="Nothing is mounted at /elsewhere"):
        await stock_of(tools, tools.servers["web-1"])


async def test_p10_data_is_put_back_while_what_is_dumped_is_down_and_another_mount_is_gone() -> None:
    machine = Machine()
    wished = with_backup(dumps={"postgres": ["pg_dump"]}, mounts=["/kept", "/elsewhere"])
    tools, _ = crew(machine, wished, API, replace(WORKER, status="exited"))
    saved = await put_data_back(tools, tools.servers["web-1"], "20260101-1", "20260102-before-restore")
    assert [one.what for one in saved] == ["/kept"]
    assert "refilled c0ffee /kept" in machine.scripts[-1]


@pytest.mark.parametrize("name", ["../../b/backups/20260101-1", "/tmp/20260101-1", "2026/../../x", "..", "", ".part.1"])
async def test_p10_what_leads_out_of_the_backups_is_the_name_of_none(name: str) -> None:
    machine = Machine()
    tools, _ = crew(machine, with_backup(), API)
    with pytest.raises(NotFound, match="web-1 has no backup"):
        await put_data_back(tools, tools.servers["web-1"], name, "20260102-before-restore")
    with pytest.raises(NotFound, match="web-1 has no backup"):
        await Backups(cast("Any", machine), PurePosixPath("/srv")).restore(
            name, "1", [], "", Terms(3, 0, timedelta(1)), 1
        )
    assert machine.scripts == []


async def test_p10_before_a_first_deploy_there_is_nothing_to_save_and_without_a_wish_neither() -> None:
    machine = Machine()
    for service, containers in ((with_backup(), ()), (SERVICE, (API,))):
        tools, reported = crew(machine, service, *containers)
        assert await save(tools, one_host()) is None
        assert reported == []
    assert machine.scripts == []


@pytest.mark.parametrize(("kind", "goes_to"), [("deploy", "roll_back"), ("rollback", "deploy")])
async def test_p10_without_its_backup_a_release_does_not_begin_but_a_way_back_does(
    monkeypatch: pytest.MonkeyPatch, kind: str, goes_to: str
) -> None:
    destination = SimpleNamespace(save=answering(Trouble("It failed.")))
    monkeypatch.setattr("agents.deployer.destination_of", lambda _: destination)
    monkeypatch.setattr("agents.deployer._void_by", answering(()))
    tools = SimpleNamespace(plan=answering(drawn()))
    state = {"kind": kind, "done": 0}
    went = await deploy(cast("State", state), runtime=Runtime(context=cast("Toolbox", tools)))
    assert went.goto == goes_to
    update = cast("dict[str, Any]", went.update)
    if kind == "deploy":
        assert update["cause"] == "It failed. Nothing was touched."
        assert outside_cause(update["error"], touched=False) == "its data could not be saved before"
    else:
        assert update["touched"] == 1


def test_p10_a_backup_has_defaults_that_keep_something() -> None:
    assert (Backup().keep, Backup().stop) == (3, False)
