"""A release through a deployment repository: planned, committed once, brought in, watched, and written back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agents.destinations.compose.adapter import ComposeDestination
from agents.destinations.port import Proposal
from agents.events import Moved, Settled, Synced, Watched
from guardrails.plan import Plan, digest, from_json, to_json
from guardrails.plan_changes import differences
from guardrails.plan_targets import ComposePlan
from guardrails.verdict import Verdict
from tests.contract.gitops_destination import COMMITS, World, world
from tools.errors import Unreachable
from tools.gitops import TRAILER

CORE_1, CORE_2 = "core-stage-0a1b2c3d", "core-stage-4e5f6a7b"
WEB_1, WEB_2 = "web-stage-0a1b2c3d", "web-stage-4e5f6a7b"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


async def proposed(here: World) -> Proposal:
    proposal = await here.destination.propose(here.state(), here.wanted())
    assert isinstance(proposal, Proposal), proposal
    return proposal


async def redrawn(here: World, plan: Plan) -> Plan:
    now = await here.destination.redraw(here.state(), plan)
    assert isinstance(now, Plan), now
    return now


async def test_the_plan_says_exactly_what_will_be_committed_and_what_stands_there_now(here: World) -> None:
    proposal = await proposed(here)
    plan = proposal.plan
    assert [(step.component, step.before and step.before.called, step.after.tag) for step in plan.steps] == [
        ("core", CORE_1, CORE_2),
        ("web", WEB_1, WEB_2),
    ]
    assert [(pin.place, pin.tag) for pin in plan.gitops.pins] == [("core.image.tag", CORE_2), ("web.image.tag", WEB_2)]
    core = f"{here.registry.address}/acme/core"
    assert list(map(str, proposal.differences)) == [
        f"astrago/dev/values.yaml: core.image.tag changed ({core}:{CORE_1} -> {core}:{CORE_2})",
        f"astrago/dev/values.yaml: web.image.tag changed ({WEB_1} -> {WEB_2})",
    ]
    assert [(one.name, one.met) for one in proposal.gate.conditions] == [
        ("tests", True),
        ("image", True),
        ("previous-tag", True),
        ("disk", None),
        ("reach", True),
    ]
    assert plan.can_roll_back
    assert proposal.remembered["former"]["astrago-dev"]["latency_ms"] > 0
    assert not proposal.verdict.findings
    assert from_json(to_json(plan)) == plan


async def test_a_release_is_one_commit_and_a_repeated_visit_finds_it(here: World) -> None:
    plan = (await proposed(here)).plan
    assert await here.destination.move(plan, plan.steps) is None
    assert await here.destination.move(plan, plan.steps) is None
    assert here.messages[0] == f"Release observer v2 to production\n\n{TRAILER}: r1"
    assert len(here.messages) == 2
    assert f"tag: {CORE_2}}}   # the API" in here.file
    assert here.application.images["web"].endswith(f"acme/web:{WEB_2}")
    happened = await here.happened()
    assert {one.component for one in happened if isinstance(one, Moved)} == {"core", "web"}
    assert all(one.healthy for one in happened if isinstance(one, Settled))
    assert [one.settled for one in happened if isinstance(one, Synced)] == [True]


async def test_what_does_not_change_is_not_moved_and_still_runs(here: World) -> None:
    wanted = here.wanted()
    wanted = replace(wanted, images={**wanted.images, "web": here.wanted("v1").images["web"]})
    proposal = await here.destination.propose(here.state(), wanted)
    assert isinstance(proposal, Proposal)
    assert [one.subject for one in proposal.differences] == ["core.image.tag"]
    assert await here.destination.move(proposal.plan, proposal.plan.steps) is None
    assert [one.component for one in await here.happened() if isinstance(one, Moved)] == ["core"]


async def test_p2_somebody_elses_commit_to_another_place_leaves_the_plan_standing(here: World) -> None:
    plan = (await proposed(here)).plan
    here.somebody_writes("other: {tag: 7}", "other: {tag: 8}")
    now = await redrawn(here, plan)
    assert now.gitops.head != plan.gitops.head
    assert digest(now) == digest(plan)
    assert await here.destination.move(plan, plan.steps) is None
    assert "other: {tag: 8}" in here.file
    assert CORE_2 in here.file


async def test_p2_somebody_elses_commit_to_our_place_makes_another_plan(here: World) -> None:
    plan = (await proposed(here)).plan
    here.somebody_writes(WEB_1, "web-stage-hotfix")
    now = await redrawn(here, plan)
    told = differences(plan, now)
    assert f"Steps, web on astrago-dev, before: tag changed from {WEB_1} to web-stage-hotfix." in told


async def test_p2_a_tag_that_means_another_image_makes_another_plan(here: World) -> None:
    plan = (await proposed(here)).plan
    here.registry.publish("acme/core", CORE_2, [1, 2, 3])
    assert "Components, core: digest changed from" in " ".join(differences(plan, await redrawn(here, plan)))


async def test_who_was_quicker_keeps_their_image_and_nothing_was_touched(here: World) -> None:
    plan = (await proposed(here)).plan
    here.somebody_writes(WEB_1, "web-stage-hotfix")
    trouble = await here.destination.move(plan, plan.steps)
    assert trouble is not None
    assert trouble.untouched
    assert "web-stage-hotfix" in trouble.cause
    assert CORE_2 not in here.file


async def test_a_sync_that_fails_is_written_back_in_one_commit_and_runs_again(here: World) -> None:
    plan, before = (await proposed(here)).plan, here.file
    here.application.refusal = "quota exceeded"
    trouble = await here.destination.move(plan, plan.steps)
    assert trouble is not None
    assert "quota exceeded" in trouble.cause
    assert not trouble.untouched
    here.application.refusal = ""
    back, *_ = await here.destination.put_back(plan, plan.steps)
    assert back.well, back.detail
    assert here.file == before
    assert here.messages[0] == f"Put observer in production back to what ran before v2\n\n{TRAILER}: r1/back"
    assert all(back.well for back in await here.destination.put_back(plan, plan.steps))
    assert len(here.messages) == 3
    assert here.application.images["core"].endswith(CORE_1)


async def test_a_service_that_does_not_answer_after_its_sync_is_trouble(here: World) -> None:
    plan = (await proposed(here)).plan
    here.door.faults.fail(503, path="/health", times=100)
    trouble = await here.destination.move(plan, plan.steps)
    assert trouble is not None
    assert "answered 503 instead of 200" in trouble.cause


async def test_a_release_that_never_committed_is_put_back_without_a_commit(here: World) -> None:
    plan = (await proposed(here)).plan
    assert all(back.well for back in await here.destination.put_back(plan, plan.steps))
    assert len(here.messages) == 1


async def test_what_somebody_set_after_the_release_is_not_overwritten_on_the_way_back(here: World) -> None:
    plan = (await proposed(here)).plan
    assert await here.destination.move(plan, plan.steps) is None
    here.somebody_writes(WEB_2, "web-stage-hotfix")
    back, *_ = await here.destination.put_back(plan, plan.steps)
    assert back.well is False
    assert "web-stage-hotfix" in back.detail
    assert "web-stage-hotfix" in here.file


async def test_a_way_back_that_argocd_does_not_confirm_tells_that_the_earlier_tags_stand_again(here: World) -> None:
    plan, before = (await proposed(here)).plan, here.file
    assert await here.destination.move(plan, plan.steps) is None
    await here.argo.down()
    with pytest.raises(Unreachable) as error:
        await here.destination.put_back(plan, plan.steps)
    assert here.file == before
    assert f"The earlier tags stand in {plan.gitops.file} again" in str(error.value)
    assert "ssl:default" not in str(error.value)
    await here.argo.up()
    assert all(back.well for back in await here.destination.put_back(plan, plan.steps))
    assert len(here.messages) == 3


async def test_p2_a_target_of_another_kind_makes_the_approved_plan_void(here: World) -> None:
    plan = (await proposed(here)).plan
    of_servers = replace(plan, target=ComposePlan((), "", (), (), ("web-1",), "/srv", "observer"))
    assert "made for servers" in str(await here.destination.redraw(here.state(), of_servers))
    assert "made for a deployment repository" in str(await ComposeDestination(here.tools).redraw(here.state(), plan))


async def test_a_repository_that_cannot_be_asked_is_the_reason_that_is_told_first(here: World) -> None:
    await here.github.down()
    refused = await here.destination.propose(here.state("rollback"), here.wanted("v1"))
    assert isinstance(refused, Verdict)
    assert "GitHub cannot be reached" in refused.findings[0].message
    assert "written is seen" not in refused.findings[0].message


async def test_a_good_release_is_watched_from_outside_and_says_what_nobody_sees(here: World) -> None:
    plan = (await proposed(here)).plan
    assert await here.destination.move(plan, plan.steps) is None
    examined = await here.destination.examine(here.state(), plan)
    assert not examined.verdict.blocks, examined.verdict
    assert {line.name.partition(": ")[2]: line.met for line in examined.lines} == {
        "endpoints": True,
        "watchdog": True,
        "ArgoCD": True,
        "start": None,
        "paths": None,
    }
    (watched,) = [one for one in await here.happened() if isinstance(one, Watched)]
    assert watched.samples == 5


async def test_a_server_error_while_watching_is_an_alarm(here: World) -> None:
    plan = (await proposed(here)).plan
    assert await here.destination.move(plan, plan.steps) is None
    settings = here.tools.environment.watch.model_copy(update={"window": timedelta(seconds=5)})
    environment = here.tools.environment.model_copy(update={"watch": settings})
    service = here.tools.service.model_copy(update={"environments": {"production": environment}})
    here.tools = replace(here.tools, service=service)
    here.door.faults.slow_down(0, path="/", times=6)
    here.door.faults.fail(500, path="/", times=1)
    examined = await here.destination.examine(here.state(), plan)
    assert [finding.rule for finding in examined.verdict.findings if finding.level == 2] == ["watch-server-error"]
    (watched,) = [one for one in await here.happened() if isinstance(one, Watched)]
    assert watched.samples < 20


async def test_an_application_that_degrades_while_watching_is_an_alarm(here: World) -> None:
    plan = (await proposed(here)).plan
    assert await here.destination.move(plan, plan.steps) is None
    here.application.ills = {"core": "CrashLoopBackOff"}
    examined = await here.destination.examine(here.state(), plan)
    assert [finding.rule for finding in examined.verdict.findings] == ["argocd-degraded"]


async def test_an_argocd_that_is_silent_while_watching_is_a_remark(here: World) -> None:
    plan = (await proposed(here)).plan
    assert await here.destination.move(plan, plan.steps) is None
    here.argo.faults.fail(503, times=100)
    examined = await here.destination.examine(here.state(), plan)
    assert [finding.rule for finding in examined.verdict.findings] == ["argocd-silent"]
    assert not examined.verdict.blocks


async def test_a_fallback_that_the_file_cannot_name_is_refused_with_the_way_out(here: World) -> None:
    refused = await here.destination.propose(here.state(), here.wanted(web=f"{here.registry.address}/spare/web"))
    assert isinstance(refused, Verdict)
    assert refused.blocks
    assert any("repository: " in finding.remedy for finding in refused.findings)


async def test_a_fallback_is_named_where_the_file_names_repositories(here: World) -> None:
    here.registry.publish("spare/core", CORE_2, [1])
    spare = f"{here.registry.address}/spare/core"
    wanted = here.wanted(core=spare)
    image = {**wanted.images["core"], "digest": here.registry.publish("spare/core", CORE_2, [1])}
    proposal = await here.destination.propose(here.state(), replace(wanted, images={**wanted.images, "core": image}))
    assert isinstance(proposal, Proposal), proposal
    assert await here.destination.move(proposal.plan, proposal.plan.steps) is None
    assert f"repository: {spare}, tag: {CORE_2}" in here.file


@pytest.mark.parametrize(
    ("fault", "condition"),
    [("registry", "gate-image"), ("github", "gate-reach"), ("argo", "gate-reach"), ("gone", "gate-previous-tag")],
)
async def test_what_cannot_be_seen_closes_the_gate(here: World, fault: str, condition: str) -> None:
    wanted = here.wanted()
    match fault:
        case "registry":
            missing = {**wanted.images["core"], "digest": "sha256:" + "9" * 64}
            wanted = replace(wanted, images={**wanted.images, "core": missing})
        case "github":
            here.github.faults.fail(403, path="/repos", times=100)
        case "argo":
            await here.argo.down()
        case "gone":
            here.somebody_writes(WEB_1, "web-stage-never")
    refused = await here.destination.propose(here.state(), wanted)
    assert isinstance(refused, Verdict)
    assert condition in [finding.rule for finding in refused.findings]


async def test_what_ran_before_shipmate_is_recognised_by_its_tags_and_adopted(here: World) -> None:
    assert await here.destination.recognised() == (COMMITS["v1"][:8], COMMITS["v1"])
    deployed = await here.tools.deployed()
    assert {name: (one.current or {})["tag"] for name, one in deployed.items()} == {"core": CORE_1, "web": WEB_1}
    assert not await here.destination.astray()
    here.somebody_writes(WEB_1, WEB_2)
    assert await here.destination.astray() == {"web": "astrago-dev"}


async def test_tags_of_several_commits_are_nobodys_version(here: World) -> None:
    here.somebody_writes(WEB_1, WEB_2)
    assert await here.destination.recognised() == ("", None)
    assert not await here.tools.deployed()


async def test_the_checklist_tells_file_registry_cluster_and_endpoints(here: World) -> None:
    here.application.ills = {"core": "CrashLoopBackOff"}
    here.door.faults.fail(502, path="/health", times=100)
    lines = {line.name: line.met for line in await here.destination.checklist()}
    assert lines["acme/deployments: astrago/dev/values.yaml"]
    assert lines["core image"]
    assert lines["astrago-dev: ArgoCD"] is False
    assert any(name.startswith("astrago-dev: Pod core") for name in lines)
    assert lines[f"GET {here.door.url}/health"] is False
    assert lines[f"GET {here.door.url}/"]
