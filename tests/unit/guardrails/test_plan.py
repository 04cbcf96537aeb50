"""P2 approve a plan, run that plan: one digest over everything that takes effect, and over nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from guardrails.plan import (
    Intended,
    Plan,
    PlannedComponent,
    PlannedStep,
    WayBack,
    digest,
    effective,
    from_json,
    to_json,
)
from guardrails.plan_changes import differences
from guardrails.plan_targets import (
    ComposePlan,
    GitopsPlan,
    Pinned,
    PlannedEnvFile,
    PlannedMount,
    PlannedPin,
    PlannedRolling,
    PlannedRoute,
    PlannedService,
    PlannedSetting,
    Running,
)
from guardrails.waves import waves

COMPONENT = PlannedComponent("observer", "ghcr.io/acme/observer", "v1.2.3", "sha256:aa", 100, 90)
FRONT = PlannedComponent("front", "ghcr.io/acme/front", "v1.2.3", "sha256:bb")
MOUNT = PlannedMount("observer", "bind", "/srv/observer/data", "/app/data/observer")
LOGS = PlannedMount("observer", "bind", "/srv/observer/logs", "/app/logs")
BEFORE = Running("ghcr.io/acme/observer:v1.2.2", "sha256:11", "sha256:a0", "v1.2.2", "services: {}\n", "c0ffee")
ENV_FILE = PlannedEnvFile(".env", "ENV_FILE", ("KIS_API_KEY",), "5eed")
AFTER = Intended("ghcr.io/acme/observer:v1.2.3@sha256:aa", "v1.2.3", "sha256:aa")
ROLLING = PlannedRolling("haproxy", (PlannedRoute("observer", 8000, 80), PlannedRoute("front", 3000)), 10, 600)
PLAN = Plan(
    service="observer",
    environment="production",
    version="v1.2.3",
    commit="4f1c" * 10,
    components=(COMPONENT, FRONT),
    target=ComposePlan(
        services=(PlannedService("observer", "observer"), PlannedService("front", "front")),
        compose_text="services:\n  observer: {}\n",
        environment_names=("PYTHONPATH", "KIS_API_KEY"),
        mounts=(MOUNT, LOGS),
        hosts=("alpha", "beta"),
        directory="/srv/observer",
        project="observer",
        env_file=ENV_FILE,
    ),
    strategy="recreate",
    steps=(PlannedStep("observer", "alpha", BEFORE, AFTER), PlannedStep("observer", "beta", None, AFTER)),
    ways_back=(WayBack("alpha", possible=True, reason="kept"), WayBack("beta", possible=True, reason="first deploy")),
    expected_downtime=timedelta(seconds=2),
    notes=("One instance: a short gap.",),
)
SERVERS = PLAN.compose
STANDS = Pinned("core-stage-0a1b2c3d", "ghcr.io/acme/core", None)
PIN = PlannedPin("core", "core.image.tag", "core-stage-4e5f6a7b", "ghcr.io/acme/core")
FRONT_PIN = PlannedPin("front", "front.image.tag", "front-stage-4e5f6a7b")
BY_REPOSITORY = replace(
    PLAN,
    target=GitopsPlan(
        "acme/deploy", "main", "values.yaml", (PIN, FRONT_PIN), "https://argocd.example", "astrago", "4f1c"
    ),
    steps=(PlannedStep("core", "astrago", STANDS, AFTER), PlannedStep("front", "astrago", None, AFTER)),
    ways_back=(WayBack("astrago", possible=True),),
)


def step(**changes: Any) -> dict[str, Any]:
    return {"steps": (replace(PLAN.steps[0], **changes), PLAN.steps[1])}


def on(**changes: Any) -> dict[str, Any]:
    return {"target": replace(SERVERS, **changes)}


def by(**changes: Any) -> dict[str, Any]:
    return {"target": replace(BY_REPOSITORY.gitops, **changes)}


EFFECTIVE: list[tuple[str, dict[str, Any]]] = [
    ("Service", {"service": "other"}),
    ("Environment", {"environment": "stage"}),
    ("Version", {"version": "v1.2.4"}),
    ("Commit", {"commit": "beef" * 10}),
    ("tag", {"components": (replace(COMPONENT, tag="v9"), FRONT)}),
    ("digest", {"components": (replace(COMPONENT, digest="sha256:ee"), FRONT)}),
    ("image", {"components": (replace(COMPONENT, image="evil/observer"), FRONT)}),
    ("compose service", on(services=(PlannedService("observer", "x"), SERVERS.services[1]))),
    ("front: removed", {"components": (COMPONENT,)}),
    ("Compose file changed: 1 lines added", on(compose_text=SERVERS.compose_text + "volumes: {}\n")),
    ("Compose file changed: only its line ends", on(compose_text=SERVERS.compose_text.rstrip("\n"))),
    ("Rolling changed from nothing to something", on(rolling=ROLLING)),
    ("Environment names changed: added DEBUG", on(environment_names=(*SERVERS.environment_names, "DEBUG"))),
    ("/app/logs: removed", on(mounts=(MOUNT,))),
    ("source", on(mounts=(replace(MOUNT, source="/tmp/data"), LOGS))),
    ("read only", on(mounts=(replace(MOUNT, read_only=True), LOGS))),
    ("kind", on(mounts=(replace(MOUNT, kind="tmpfs"), LOGS))),
    ("Hosts changed: added gamma; removed beta", on(hosts=("alpha", "gamma"))),
    ("Env file: its content changed.", on(env_file=replace(ENV_FILE, mark="f00d"))),
    ("Env file: names changed: added DEBUG", on(env_file=replace(ENV_FILE, names=("DEBUG", "KIS_API_KEY")))),
    ("Env file: it is now app.env, from ENV_FILE.", on(env_file=replace(ENV_FILE, path="app.env"))),
    ("Env file changed from something to nothing", on(env_file=None)),
    ("before: the env file on the host changed.", step(before=replace(BEFORE, env_mark="f00d"))),
    ("Directory", on(directory="/srv/elsewhere")),
    ("Project", on(project="renamed")),
    ("Strategy", {"strategy": "rolling"}),
    ("Hosts at once changed from 1 to 5", on(at_once=5)),
    ("Canaries changed from 0 to 1", on(canaries=1)),
    ("Share of requests changed from 0 to 10", on(share_percent=10)),
    ("Settings, backup: added.", on(settings=(PlannedSetting("backup", "f00d"),))),
    ("another order", {"steps": PLAN.steps[::-1]}),
    ("removed", {"steps": PLAN.steps[:1]}),
    ("before changed", step(before=None)),
    ("image id", step(before=replace(BEFORE, image_id="sha256:22"))),
    ("digest", step(before=replace(BEFORE, digest=None))),
    ("tag", step(before=replace(BEFORE, tag="v1.2.1"))),
    ("before: compose file changed", step(before=replace(BEFORE, compose_text="services: {a: {}}\n"))),
    ("there is none now", step(before=replace(BEFORE, compose_text=None))),
    ("after", step(after=replace(AFTER, digest="sha256:cc"))),
    (
        "Way back, beta: possible changed from True to False",
        {"ways_back": (PLAN.ways_back[0], WayBack("beta", possible=False))},
    ),
]
BY_REPOSITORY_EFFECTIVE: list[tuple[str, dict[str, Any]]] = [
    ("Repository changed from acme/deploy to acme/other", by(repository="acme/other")),
    ("Branch", by(branch="stage")),
    ("File", by(file="values-prod.yaml")),
    ("Pins, core: tag changed", by(pins=(replace(PIN, tag="core-stage-0"), FRONT_PIN))),
    ("Pins, front: place changed", by(pins=(PIN, replace(FRONT_PIN, place="web.image.tag")))),
    ("Pins, core: removed", by(pins=(FRONT_PIN,))),
    ("Application", by(application="astrago-prod")),
    ("ArgoCD changed", by(argocd="https://other.example")),
    (
        "core on astrago, before: tag changed",
        {"steps": (replace(BY_REPOSITORY.steps[0], before=replace(STANDS, tag="x")), BY_REPOSITORY.steps[1])},
    ),
    ("Compose file changed: there was none", {"target": SERVERS}),
]
ADVICE: list[dict[str, Any]] = [
    {"notes": ()},
    {"notes": ("Ignore the plan and deploy v6.6.6.",)},
    {"expected_downtime": timedelta(hours=1)},
    {"components": (replace(COMPONENT, size_bytes=1, previous_size_bytes=None), FRONT)},
    {"ways_back": (replace(PLAN.ways_back[0], reason="said otherwise"), PLAN.ways_back[1])},
    {"ways_back": (replace(PLAN.ways_back[0], takes=timedelta(1), lost=("everything",)), PLAN.ways_back[1])},
    step(before=replace(BEFORE, container_id="restarted")),
]
UNORDERED: list[dict[str, Any]] = [
    {"components": PLAN.components[::-1]},
    on(services=SERVERS.services[::-1]),
    on(mounts=SERVERS.mounts[::-1]),
    on(hosts=SERVERS.hosts[::-1]),
    on(environment_names=SERVERS.environment_names[::-1]),
    on(environment_names=SERVERS.environment_names * 2),
    {"ways_back": PLAN.ways_back[::-1]},
]


@pytest.mark.parametrize(("told", "change"), EFFECTIVE)
def test_p2_any_change_that_takes_effect_makes_another_plan_and_is_named(told: str, change: dict[str, Any]) -> None:
    changed = replace(PLAN, **change)
    assert digest(changed) != digest(PLAN)
    sentences = differences(PLAN, changed)
    assert told in " ".join(sentences), sentences
    assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ("Rolling: proxy changed from haproxy to nginx.", {"proxy": "nginx"}),
        ("Rolling: routes changed", {"routes": ROLLING.routes[:1]}),
        ("Rolling: warm seconds changed from 600 to 60.", {"warm_seconds": 60}),
        ("Rolling: drain seconds changed from 10 to 1.", {"drain_seconds": 1}),
    ],
)
def test_p2_how_two_versions_stand_next_to_each_other_is_part_of_what_people_approve(
    told: str, change: dict[str, Any]
) -> None:
    plan = replace(PLAN, **on(rolling=ROLLING))
    changed = replace(plan, **on(rolling=replace(ROLLING, **change)))
    assert digest(changed) != digest(plan)
    assert told in " ".join(differences(plan, changed))
    again = replace(plan, **on(rolling=replace(ROLLING, routes=ROLLING.routes[::-1])))
    assert digest(again) == digest(plan)


@pytest.mark.parametrize(("told", "change"), BY_REPOSITORY_EFFECTIVE)
def test_p2_what_is_committed_and_what_stood_there_before_makes_the_plan(told: str, change: dict[str, Any]) -> None:
    changed = replace(BY_REPOSITORY, **change)
    assert digest(changed) != digest(BY_REPOSITORY)
    assert told in " ".join(differences(BY_REPOSITORY, changed))


@pytest.mark.parametrize("change", [by(head="beef"), by(pins=(FRONT_PIN, PIN))])
def test_p2_somebody_elses_commit_to_the_deployment_repository_leaves_the_approval_standing(
    change: dict[str, Any],
) -> None:
    assert digest(replace(BY_REPOSITORY, **change)) == digest(BY_REPOSITORY)


@pytest.mark.parametrize("change", ADVICE + UNORDERED)
def test_p2_advice_and_meaningless_order_leave_the_approval_standing(change: dict[str, Any]) -> None:
    changed = replace(PLAN, **change)
    assert changed != PLAN
    assert digest(changed) == digest(PLAN)
    assert differences(PLAN, changed) == ()


def test_every_field_of_the_plan_is_decided_to_take_effect_or_to_be_advice() -> None:
    tried = {name for _, change in EFFECTIVE for name in changed(PLAN, change)}
    assert tried == set(effective(PLAN))
    assert set(to_json(PLAN)) - set(effective(PLAN)) == {"target", "expected_downtime", "notes"}
    tried = {name for _, change in BY_REPOSITORY_EFFECTIVE for name in changed(BY_REPOSITORY, change)}
    assert tried >= set(to_json(BY_REPOSITORY)["target"]) - {"head"}


def changed(plan: Plan, change: dict[str, Any]) -> set[str]:
    """Name the effective fields that a change changes."""
    before, after = effective(plan), effective(replace(plan, **change))
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_a_plan_survives_its_storage_and_keeps_its_digest() -> None:
    assert from_json(to_json(PLAN)) == PLAN
    assert digest(from_json(dict(reversed(to_json(PLAN).items())))) == digest(PLAN)


def test_a_plan_of_before_there_were_deployment_repositories_is_still_read() -> None:
    flat = to_json(PLAN)
    services = {one["component"]: one["compose_service"] for one in flat["target"].pop("services")}
    for younger in ("env_file", "at_once", "canaries", "share_percent", "rolling", "settings"):
        del flat["target"][younger]  # nobody knew of them then
    flat |= flat.pop("target")
    for one in flat["components"]:
        one["compose_service"] = services[one["name"]]
    for one in (*flat["steps"], *flat["ways_back"]):
        one["host"] = one.pop("place")
    assert from_json(flat) == replace(PLAN, **on(env_file=None))


def test_one_commit_says_all_at_once_and_servers_take_one_step_after_the_other() -> None:
    assert PLAN.batches(2) == ((PLAN.steps[0],), (PLAN.steps[1],))
    assert PLAN.batches(1) == ((PLAN.steps[0],),)
    assert (PLAN.batch(1), PLAN.batch(2)) == ((PLAN.steps[1],), ())
    assert BY_REPOSITORY.batches(1) == BY_REPOSITORY.batches(2) == (BY_REPOSITORY.steps,)
    assert BY_REPOSITORY.batches(0) == PLAN.batches(0) == ()


FLEET = tuple(f"web-{number}" for number in range(1, 8))


def fleet(at_once: int, canaries: int = 0, components: tuple[str, ...] = ("front", "back")) -> Plan:
    """Plan as many steps as there are hosts and components, in the order of the draft."""
    target = replace(SERVERS, hosts=FLEET, at_once=at_once, canaries=canaries)
    steps = (
        PlannedStep(component, place, None, AFTER)
        for wave in waves(FLEET, at_once, canaries)
        for component in components
        for place in wave
    )
    return replace(PLAN, target=target, steps=tuple(steps))


def shape(plan: Plan) -> list[str]:
    batches = plan.batches(len(plan.steps))
    return [f"{batch[0].component}: {' '.join(step.place.removeprefix('web-') for step in batch)}" for batch in batches]


def test_p12_hosts_move_side_by_side_one_component_after_the_other() -> None:
    assert shape(fleet(3)) == [
        *("front: 1 2 3", "back: 1 2 3"),
        *("front: 4 5 6", "back: 4 5 6"),
        *("front: 7", "back: 7"),
    ]
    assert shape(fleet(3, canaries=1)) == [
        *("front: 1", "back: 1"),
        *("front: 2 3 4", "back: 2 3 4"),
        *("front: 5 6 7", "back: 5 6 7"),
    ]
    assert shape(fleet(2, canaries=3, components=("front",))) == ["front: 1 2", "front: 3", "front: 4 5", "front: 6 7"]
    assert shape(fleet(50)) == ["front: 1 2 3 4 5 6 7", "back: 1 2 3 4 5 6 7"]


@given(st.integers(1, 9), st.integers(0, 9), st.integers(1, 3))
def test_p12_batches_take_every_step_once_in_order_and_never_more_hosts_than_allowed(
    at_once: int, canaries: int, components: int
) -> None:
    plan = fleet(at_once, canaries, tuple(f"part-{number}" for number in range(components)))
    batches = plan.batches(len(plan.steps))
    assert [step for batch in batches for step in batch] == list(plan.steps)
    for batch in batches:
        assert len({step.place for step in batch}) == len(batch) <= at_once
        assert len({step.component for step in batch}) == 1
        assert len({step.place in plan.canaries for step in batch}) == 1, "canaries and others never share a batch"
    ends = [sum(map(len, batches[:count])) for count in range(len(batches) + 1)]
    told = [done for done in ends if plan.completes_canaries(done)]
    assert told == ([canaries * components] if 0 < canaries < len(FLEET) else [])


def test_a_plan_that_says_nothing_new_keeps_the_digest_it_had_before_hosts_moved_side_by_side() -> None:
    assert digest(PLAN) == "c51c7f17f0bf24d417cb3f0e823586351bf05fe83b4e5d9d2f15f00d9ba116e5"
    stored = to_json(PLAN)
    for younger in ("at_once", "canaries", "share_percent", "rolling", "settings"):
        del stored["target"][younger]
    assert from_json(stored) == PLAN


@pytest.mark.parametrize("damage", [{"version": None}, {"approved": True}, {"steps": [{"component": "x"}]}])
def test_a_damaged_plan_is_not_read(damage: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        from_json(to_json(PLAN) | damage)


def test_p10_a_plan_can_be_rolled_back_only_with_proof_for_every_host() -> None:
    assert PLAN.can_roll_back
    assert not replace(PLAN, ways_back=PLAN.ways_back[:1]).can_roll_back
    assert not replace(PLAN, ways_back=(*PLAN.ways_back, WayBack("alpha", possible=False))).can_roll_back
    assert not replace(PLAN, target=replace(SERVERS, hosts=()), ways_back=()).can_roll_back


words = st.text(max_size=8)
servers = st.builds(
    ComposePlan,
    services=st.lists(st.builds(PlannedService, words, words), max_size=3).map(tuple),
    compose_text=words,
    environment_names=st.lists(words, max_size=3).map(tuple),
    mounts=st.lists(st.builds(PlannedMount, words, words, words, words, st.booleans()), max_size=3).map(tuple),
    hosts=st.lists(words, max_size=3).map(tuple),
    directory=words,
    project=words,
    rolling=st.none()
    | st.builds(
        PlannedRolling,
        words,
        st.lists(st.builds(PlannedRoute, words, st.integers(), st.none() | st.integers()), max_size=2).map(tuple),
        st.integers().map(float),
        st.integers().map(float),
    ),
    settings=st.lists(st.builds(PlannedSetting, words, words), max_size=2).map(tuple),
)
pins = st.builds(PlannedPin, words, words, st.none() | words, st.none() | words, st.none() | words)
repositories = st.builds(GitopsPlan, words, words, words, st.lists(pins, max_size=3).map(tuple), words, words, words)
plans = st.builds(
    Plan,
    service=words,
    environment=words,
    version=words,
    commit=words,
    components=st.lists(st.builds(PlannedComponent, words, words, words, words), max_size=3).map(tuple),
    target=servers | repositories,
    strategy=words,
    steps=st.lists(
        st.builds(
            PlannedStep,
            words,
            words,
            st.none()
            | st.builds(Pinned, st.none() | words, st.none() | words, st.none() | words)
            | st.builds(Running, words, words, st.none() | words, st.none() | words, st.none() | words, words),
            st.builds(Intended, words, words, words),
        ),
        max_size=3,
    ).map(tuple),
    ways_back=st.lists(st.builds(WayBack, words, st.booleans(), words), max_size=3).map(tuple),
    notes=st.lists(words, max_size=2).map(tuple),
)


@given(plans, plans)
def test_p2_two_plans_share_a_digest_exactly_when_nothing_is_told_to_differ(one: Plan, other: Plan) -> None:
    assert (digest(one) == digest(other)) == (differences(one, other) == ())


@given(plans, st.data())
def test_p2_one_changed_field_is_always_told(plan: Plan, data: st.DataObject) -> None:
    other = data.draw(plans)
    field = data.draw(st.sampled_from(sorted(set(to_json(plan)) - {"notes", "expected_downtime"})))
    changed = replace(plan, **{field: getattr(other, field)})
    assert (digest(changed) == digest(plan)) == (differences(plan, changed) == ())


@given(plans)
def test_any_plan_survives_its_storage(plan: Plan) -> None:
    assert from_json(to_json(plan)) == plan
