import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.service import Rule
from guardrails.scope import Decision, scope
from tests.unit.guardrails.services import webapp

SUITES = ("front-unit", "back-unit", "journeys", "lighthouse", "audit")
BOTH = ("front", "back-end")
ONE_OF_EACH = [
    "src/a.tsx",
    "server/a.ts",
    "db/a.sql",
    "package.json",
    "lib/a.py",
    "README.md",
    "src/a.test.tsx",
    "e2e/a.spec.ts",
]


def test_only_frontend_skips_the_backend_tests_and_builds_the_front_end() -> None:
    decided = scope(webapp(), ["src/a.tsx", "src/components/b.css"])
    reason = "Only frontend (src/a.tsx and 1 more) changed."
    assert decided.decisions == (
        Decision("skip_backend_test", reason),
        Decision("skip_back_end_build", "Nothing that back-end is made of changed."),
    )
    assert decided.skip == {"back-unit": reason}
    assert decided.run == ("front-unit", "journeys", "lighthouse", "audit")
    assert decided.build == ("front",)
    assert decided.deploy


def test_only_backend_skips_the_performance_tests() -> None:
    decided = scope(webapp(), ["server/a.ts"])
    assert [d.action for d in decided.decisions] == ["skip_performance_test", "skip_front_build"]
    assert set(decided.skip) == {"lighthouse"}
    assert decided.build == ("back-end",)


def test_only_config_skips_unit_tests_build_and_deploy() -> None:
    decided = scope(webapp(), ["Dockerfile", ".github/workflows/ci.yml"])
    assert [d.action for d in decided.decisions] == ["skip_unit_test", "skip_build", "skip_deploy"]
    assert set(decided.skip) == {"front-unit", "back-unit"}
    assert decided.build == ()
    assert not decided.deploy
    assert not decided.skip_all


def test_no_change_skips_the_whole_pipeline() -> None:
    decided = scope(webapp(), [])
    assert decided.decisions == (Decision("skip_pipeline", "Nothing changed."),)
    assert decided.skip_all
    assert (decided.run, decided.build, decided.deploy) == ((), (), False)
    assert tuple(decided.skip) == SUITES


@pytest.mark.parametrize(
    "files",
    [
        ["lib/a.py"],
        ["lib/a.py", "src/a.tsx"],
        ["package.json", "server/a.ts"],
        ["package.json", "src/a.tsx"],
        ["db/migrations/1.sql"],
        ["src/a.tsx", "README.md"],
        ["server/a.ts", "db/schema.sql"],
        ["README.md"],
        ["e2e/checkout.spec.ts"],
        ["src/a.tsx", "server/a.test.ts"],
    ],
)
def test_shared_or_doubtful_changes_run_everything(files: list[str]) -> None:
    decided = scope(webapp(), files)
    assert decided.decisions[0].action == "run_everything"
    assert decided.run == SUITES
    assert not decided.skip
    assert decided.build == BOTH
    assert decided.deploy


def test_a_front_end_change_with_its_own_test_is_still_only_front_end() -> None:
    decided = scope(webapp(), ["src/a.tsx", "src/a.test.tsx"])
    assert decided.decisions[0].action == "skip_backend_test"


def test_a_suite_that_covers_what_changed_is_never_skipped() -> None:
    suites = {"load": {"kind": "performance", "command": ["k6"], "covers": ["backend"]}}
    assert scope(webapp(suites=suites), ["server/a.ts"]).run == ("load",)


def test_a_service_released_by_tag_switches_the_config_rule_off() -> None:
    rules = [rule for rule in Rule if rule is not Rule.ONLY_CONFIG]
    decided = scope(webapp(rules=rules), ["Dockerfile"])
    assert decided.decisions == (Decision("run_everything", "Only config (Dockerfile) changed."),)
    assert (decided.run, decided.build, decided.deploy) == (SUITES, BOTH, True)


@given(st.lists(st.sampled_from(ONE_OF_EACH)))
def test_without_any_rule_every_suite_runs_and_the_release_deploys(files: list[str]) -> None:
    decided = scope(webapp(rules=[]), files)
    assert decided.run == SUITES
    assert decided.deploy
    assert not decided.skip_all


@given(st.lists(st.sampled_from(ONE_OF_EACH)), st.sets(st.sampled_from(Rule)))
def test_every_suite_is_run_or_skipped_and_whatever_is_left_out_has_a_reason(
    files: list[str], rules: set[Rule]
) -> None:
    decided = scope(webapp(rules=sorted(rules)), files)
    assert sorted((*decided.run, *decided.skip)) == sorted(SUITES)
    assert decided.decisions
    assert all(decision.reason for decision in decided.decisions)
    if len(decided.run) < len(SUITES) or decided.build != BOTH:
        assert any(decision.action.startswith("skip_") for decision in decided.decisions)


@given(st.lists(st.sampled_from(ONE_OF_EACH)), st.sampled_from(["README.md", "db/a.sql", "lib/a.py"]))
def test_a_doubtful_file_never_leads_to_less_work(files: list[str], doubtful: str) -> None:
    before, after = scope(webapp(), files), scope(webapp(), [*files, doubtful])
    assert set(before.run) <= set(after.run)
    assert set(before.build) <= set(after.build)
    assert before.deploy <= after.deploy


MONOREPO = {
    "core": {"image": "localhost/core", "paths": ["core/", "libs/"]},
    "batch": {"image": "localhost/batch", "paths": ["./batch", "libs/"], "categories": ["backend"]},
    "web": {"image": "localhost/web", "paths": ["web/", "package.json"]},
}


@pytest.mark.parametrize(
    ("files", "built"),
    [
        (["core/app.py"], ("core",)),
        (["core/Dockerfile", "core/notes.md"], ("core",)),
        (["libs/clock.py"], ("core", "batch")),
        (["web/src/pages/index.tsx"], ("web",)),
        (["package.json", "batch/run.py"], ("batch", "web")),
        (["batch/page.tsx"], ()),
        (["corely/app.py"], ()),
        (["docs/core/app.py"], ()),
        ([], ("core", "batch", "web")),
    ],
)
def test_a_component_is_built_only_when_something_below_its_paths_changed(
    files: list[str], built: tuple[str, ...]
) -> None:
    decided = scope(webapp(components=MONOREPO, rules=[]), files)
    assert decided.build == built
    assert decided.deploy


def test_what_is_not_built_is_recorded_with_the_paths() -> None:
    decided = scope(webapp(components=MONOREPO, rules=[]), ["batch/run.py"])
    assert Decision("skip_core_build", "core: nothing below core/, libs/ changed") in decided.decisions
    assert Decision("skip_web_build", "web: nothing below web/, package.json changed") in decided.decisions


def test_a_component_that_was_never_deployed_is_always_built() -> None:
    service = webapp(components=MONOREPO)
    assert scope(service, ["core/app.py"], {"core", "batch"}).build == ("core", "web")
    assert scope(service, ["core/app.py"], ()).build == ("core", "batch", "web")
    assert scope(webapp(), ["src/a.tsx"], {"front"}).build == BOTH
