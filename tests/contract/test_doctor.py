"""The doctor before real engines, a server, a registry and a repository; the services around it are on loopback."""

import io
import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.entrypoints.checkup.check import LIMIT
from agents.entrypoints.doctor import doctor
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.github import GitHubEmulator
from tests.emulators.loopback import Fault
from tests.emulators.slack import Channel, SlackEmulator
from tests.stage.observer.site import ObserverSite
from tests.stage.ports import free_port
from tests.stage.stage import Stage
from tools.ownership import Ownership

ENOUGH = {"contents": "read", "pull_requests": "write", "statuses": "write", "deployments": "write"}
SCOPES = "app_mentions:read,channels:history,chat:write,commands,files:write"


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[ObserverSite]:
    place = ObserverSite(stage, stage.scratch("doctor"))
    place.prepare(running="")
    original = os.environ.get("PATH", "")
    os.environ["PATH"] = place.environ()["PATH"]
    yield place
    os.environ["PATH"] = original


@dataclass
class World:
    """Everything around the bot, and its doctor."""

    site: ObserverSite
    slack: SlackEmulator
    github: GitHubEmulator
    claude: AnthropicEmulator
    limit: timedelta = LIMIT

    def environ(self, **changed: str) -> dict[str, str]:
        return self.site.environ(
            **{
                "SLACK_BOT_TOKEN": self.slack.bot_token,
                "SLACK_APP_TOKEN": self.slack.app_token,
                "SLACK_API_URL": self.slack.url,
                "GITHUB_TOKEN": self.github.fine_grained(**ENOUGH),
                "GITHUB_API_URL": self.github.url,
                "ANTHROPIC_API_KEY": self.claude.key,
                "ANTHROPIC_BASE_URL": self.claude.url,
                **changed,
            }
        )

    async def report(self, config: Path | None = None, **changed: str) -> "Report":
        out = io.StringIO()
        code = await doctor(
            config or self.site.config, self.environ(**changed), as_json=True, out=out, limit=self.limit
        )
        return Report(code, json.loads(out.getvalue()), out.getvalue())

    def changed_config(self, place: Path, **target: Any) -> Path:
        """Write the site's configuration once more, with parts of the target changed."""
        (place / "services").mkdir()
        bot = yaml.safe_load(self.site.config.read_text())
        (place / "shipmate.yaml").write_text(yaml.safe_dump(bot))
        service = yaml.safe_load((self.site.config.parent / "services" / "observer.yaml").read_text())
        settings = service["environments"]["production"]["target"]
        settings["hosts"][0] |= target.pop("host", {})
        settings |= target
        (place / "services" / "observer.yaml").write_text(yaml.safe_dump(service))
        return place / "shipmate.yaml"


@dataclass
class Report:
    code: int
    content: Mapping[str, Any]
    text: str

    def states(self) -> dict[str, str]:
        return {check["name"]: check["state"] for check in self.content["checks"]}

    def lacking(self) -> set[str]:
        return {name for name, state in self.states().items() if state == "missing"}

    def __getitem__(self, name: str) -> str:
        found = next(check for check in self.content["checks"] if check["name"] == name)
        return f"{found['state']}: {found['detail']} -> {found['remedy']}"


@pytest.fixture
async def world(site: ObserverSite) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(
            site,
            await stack.enter_async_context(
                SlackEmulator(channels=(Channel("C0REL", "releases"), Channel("C0ONCALL", "on-call")))
            ),
            await stack.enter_async_context(GitHubEmulator({"acme/observer": site.repository})),
            await stack.enter_async_context(AnthropicEmulator()),
        )


def told(body: str, **headers: str) -> Fault:
    return Fault(path="auth.test", status=200, body=body, headers=headers)


async def test_a_bot_that_has_everything_is_told_so(world: World) -> None:
    world.slack.faults.arm(told('{"ok": true, "user": "shipmate", "team": "acme"}', **{"X-OAuth-Scopes": SCOPES}))
    report = await world.report(None, GITHUB_WEBHOOK_SECRET="x" * 32)
    assert report.lacking() == set(), report.text
    assert (report.code, report.content["ready"]) == (0, True)
    states = report.states()
    assert {name for name, state in states.items() if state != "ok"} == {
        "acme/observer: checks",
        "escalation.email",
        "escalation.webhook",
        "observer in production: approvers",
    }
    assert {"git", "engine", "buildx", "secret scanner", "database", "scopes", "releases_channel"} <= states.keys()
    assert {"observer-1: way in", "observer-1: compose", "observer-1: env file", "observer-1: disk"} <= states.keys()
    assert world.slack.messages("C0REL") == []
    assert not (world.site.directory / "shipmate.db").exists(), "the doctor leaves the database alone"


async def test_the_report_for_people_has_a_line_for_each_check_and_a_closing_sentence(world: World) -> None:
    out = io.StringIO()
    code = await doctor(world.site.config, world.environ(), as_json=False, out=out)
    lines = out.getvalue().splitlines()
    assert code == 0, out.getvalue()
    assert [line for line in lines if line and not line.startswith(" ")][:-1] == [
        "Machine",
        "Slack",
        "GitHub",
        "Model",
        "Escalation",
        "Service observer",
        "Service observer, production",
        "Triggers",
    ]
    assert lines[-1].startswith("Everything that is required is there (")


async def test_without_any_credential_what_is_missing_comes_with_the_way_to_get_it(world: World) -> None:
    names = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITHUB_TOKEN", "ANTHROPIC_API_KEY")
    report = await world.report(None, **dict.fromkeys(names, ""))
    assert report.code == 1
    assert report.lacking() == {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}
    assert "https://api.slack.com/apps" in report["SLACK_BOT_TOKEN"]
    assert report["ANTHROPIC_API_KEY"].startswith("optional: not set: summaries are written from facts only")
    assert report["GITHUB_TOKEN"].startswith("optional: not set")


async def test_wrong_credentials_are_told_and_never_shown(world: World) -> None:
    wrong = {
        "SLACK_BOT_TOKEN": "xoxb-" + "wrong-and-secret",
        "SLACK_APP_TOKEN": "xapp-" + "wrong-and-secret",
        "GITHUB_TOKEN": "ghp_" + "wrong-and-secret",
        "ANTHROPIC_API_KEY": "sk-ant-" + "wrong-and-secret",
    }
    report = await world.report(None, **wrong)
    assert report.lacking() == {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "GITHUB_TOKEN",
        "model.summary",
        "model.diagnosis",
    }
    assert "invalid_auth" in report["SLACK_BOT_TOKEN"]
    assert report["releases_channel"].startswith("unknown: not looked at")
    assert "wrong-and-secret" not in report.text


async def test_a_token_that_slack_repeats_is_masked(world: World) -> None:
    world.slack.faults.arm(told(json.dumps({"ok": False, "error": f"bad {world.slack.bot_token}"})))
    report = await world.report()
    assert world.slack.bot_token not in report.text
    assert "bad [redacted:SLACK_BOT_TOKEN]" in report["SLACK_BOT_TOKEN"]


async def test_swapped_slack_tokens_are_both_missing(world: World) -> None:
    report = await world.report(SLACK_BOT_TOKEN=world.slack.app_token, SLACK_APP_TOKEN=world.slack.bot_token)
    assert {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"} <= report.lacking()
    assert "(xoxb-)" in report["SLACK_BOT_TOKEN"]


async def test_a_scope_that_the_app_lacks_is_named(world: World) -> None:
    world.slack.faults.arm(told('{"ok": true, "user": "shipmate"}', **{"X-OAuth-Scopes": "chat:write,commands"}))
    report = await world.report()
    assert "the app lacks app_mentions:read" in report["scopes"]


async def test_channels_the_bot_cannot_talk_in_are_missing(world: World) -> None:
    world.slack.world.channels["C0REL"].has_app = False
    del world.slack.world.channels["C0ONCALL"]
    report = await world.report()
    assert "not_in_channel" in report["releases_channel"]
    assert "/invite" in report["releases_channel"]
    assert f"into slack.escalation_channel of {world.site.config}" in report["escalation_channel"]


async def test_an_app_token_of_github_counts_as_a_token(world: World) -> None:
    assert (await world.report(GITHUB_TOKEN=world.github.token))["GITHUB_TOKEN"].startswith("ok: of an app")


async def test_a_token_is_told_what_it_lacks_and_what_it_has_too_much_of(world: World) -> None:
    few = {**ENOUGH, "deployments": "read", "administration": "read"}
    report = await world.report(GITHUB_TOKEN=world.github.fine_grained(**few))
    assert report["acme/observer: may"] == ("ok: contents: read, pull requests: write, commit statuses: write -> ")
    assert "Tick 'Deployments: Read and write'" in report["acme/observer: deployments"]
    assert report["acme/observer: more than needed"].startswith("optional: allowed, and never used: administration")
    there = world.github["acme/observer"]
    assert [*there.deployments, *there.statuses, *there.pulls] == [], "nothing is written to find that out"


async def test_a_classic_token_says_itself_what_it_may(world: World) -> None:
    report = await world.report(GITHUB_TOKEN=world.github.classic("repo", "delete_repo"))
    assert "deployments: write" in report["acme/observer: may"]
    assert "delete_repo" in report["acme/observer: more than needed"]


async def test_an_app_is_asked_what_it_was_granted(world: World) -> None:
    app = world.github.app
    login = {"GITHUB_TOKEN": "", "GITHUB_APP_ID": str(app.id), "GITHUB_APP_PRIVATE_KEY": app.private_key}
    report = await world.report(None, **login)
    assert "install the GitHub App" in report["GITHUB_APP_ID"]
    app.installed(["acme/observer"], **ENOUGH, checks="write", secrets="write")
    report = await world.report(None, **login)
    assert report["GITHUB_APP_ID"].startswith("ok")
    assert "checks: write" in report["acme/observer: may"]
    assert "secrets: write" in report["acme/observer: more than needed"]
    half = await world.report(None, **{**login, "GITHUB_APP_PRIVATE_KEY": ""})
    assert half["GITHUB_APP_ID"].startswith("missing: The GitHub App is set in part.")


async def test_a_repository_that_the_token_does_not_see_is_missing(world: World) -> None:
    world.github.repositories.clear()
    report = await world.report()
    assert report["acme/observer: read"].startswith("missing: there is no such repository, or the token may not see it")


async def test_a_model_that_is_retired_is_told(world: World) -> None:
    world.claude.retired_models.add("claude-haiku-5-5")
    report = await world.report()
    assert report["model.summary"].startswith("optional: claude-haiku-5-5 is retired")
    assert report["model.diagnosis"].startswith("ok")


async def test_services_that_never_answer_cost_no_more_than_the_limit(world: World) -> None:
    for emulator in (world.slack, world.github, world.claude):
        emulator.faults.hang(times=99)
    world.limit = timedelta(seconds=4)
    started = time.monotonic()
    report = await world.report()
    assert time.monotonic() - started < 30
    assert report["SLACK_BOT_TOKEN"].startswith("missing: no answer within 4 s")
    assert report["GITHUB_TOKEN"].startswith("unknown: no answer within 4 s")
    assert report["model.summary"].startswith("unknown: no answer within 4 s")


async def test_services_that_are_down_or_show_a_sign_in_page_are_told_apart(world: World) -> None:
    await world.github.down()
    world.slack.faults.show_a_web_page(path="auth.test")
    world.claude.faults.show_a_web_page(times=2)
    report = await world.report()
    assert "GitHub cannot be reached" in report["GITHUB_TOKEN"]
    assert report["GITHUB_TOKEN"].startswith("unknown")
    assert "sign-in page" in report["SLACK_BOT_TOKEN"]
    assert report["SLACK_BOT_TOKEN"].startswith("missing")
    assert report["model.summary"].startswith("unknown")


async def test_an_engine_that_does_not_answer_is_missing(world: World, tmp_path: Path) -> None:
    report = await world.report(DOCKER_HOST=f"unix://{tmp_path}/nobody.sock")
    assert report["engine"].startswith("missing: no engine answers at unix://")
    assert "correct DOCKER_HOST" in report["engine"]
    assert report["docker"].startswith("ok")
    assert report["observer-1: docker"].startswith("ok"), "the server has an engine of its own"


async def test_a_running_bot_is_named_by_its_process_and_not_disturbed(world: World) -> None:
    with Ownership(world.site.directory / "shipmate.db.lock"):
        report = await world.report()
    assert f"owned by the running bot (process {os.getpid()})" in report["database"]
    assert "no bot is running" in (await world.report())["database"]


async def test_a_database_that_cannot_be_used_is_refused_with_the_way_out(world: World) -> None:
    report = await world.report(SHIPMATE_DATABASE_URL="postgresql://db.example/shipmate")
    assert "postgresql is not supported" in report["database"]
    assert "sqlite:///PATH" in report["database"]


async def test_an_unknown_server_is_refused_with_the_command_that_trusts_it(world: World, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    config = world.changed_config(tmp_path, host={"known_hosts": str(tmp_path / "known_hosts")})
    report = await world.report(config)
    assert "is not a server we know" in report["observer-1: way in"]
    assert f"`ssh-keyscan -p {world.site.stage.ssh.port} 127.0.0.1 >> {tmp_path}/known_hosts`" in report.text
    assert report["observer-1: the rest"].startswith("unknown")
    assert report.code == 1


async def test_a_server_that_nobody_answers_for_is_missing(world: World, tmp_path: Path) -> None:
    report = await world.report(world.changed_config(tmp_path, host={"port": free_port()}))
    assert "cannot be reached" in report["observer-1: way in"]


async def test_a_server_without_the_directory_says_how_to_make_it(world: World, tmp_path: Path) -> None:
    report = await world.report(world.changed_config(tmp_path, directory=str(tmp_path / "absent")))
    assert report.lacking() == {"observer-1: directory", "observer-1: env file"}
    assert f"On observer-1: sudo install -d -o {world.site.stage.ssh.user} {tmp_path}/absent" in report.text


async def test_an_env_file_that_others_may_read_is_told(world: World) -> None:
    env = world.site.server_directory / ".env"
    env.chmod(0o644)
    try:
        report = await world.report()
    finally:
        env.chmod(0o600)
    assert report.lacking() == {"observer-1: env file"}
    assert f"On observer-1: chmod 600 {env}" in report["observer-1: env file"]
    assert "KIS_API" not in report.text


async def test_a_full_disk_is_told(world: World, tmp_path: Path) -> None:
    report = await world.report(world.changed_config(tmp_path, minimum_free_bytes=10**18))
    assert report.lacking() == {"observer-1: disk"}


async def test_a_registry_that_is_down_is_missed_by_bot_and_server(world: World, tmp_path: Path) -> None:
    registry = world.site.stage.registry
    registry.stop()
    try:
        report = await world.report(world.changed_config(tmp_path, shipping="pull"))
    finally:
        registry.start()
    assert report.lacking() == {f"image {world.site.image}", f"observer-1: pull from {registry.address}"}


async def test_a_repository_that_is_gone_is_missing(world: World) -> None:
    elsewhere = world.site.bare.with_name("moved")
    world.site.bare.rename(elsewhere)
    try:
        report = await world.report(GITHUB_TOKEN="")
    finally:
        elsewhere.rename(world.site.bare)
    assert report.lacking() == {"repository"}


async def test_a_configuration_that_does_not_load_shows_its_faults(world: World, tmp_path: Path) -> None:
    config = world.changed_config(tmp_path, hots=[])
    assert (await world.report(config)).code == 2
    out = io.StringIO()
    assert await doctor(config, world.environ(), as_json=False, out=out) == 2
    assert "environments.production.target.hots: unknown key, did you mean 'hosts'?" in out.getvalue()
    assert "check-config" in out.getvalue()
