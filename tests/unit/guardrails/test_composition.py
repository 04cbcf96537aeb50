"""The compose file runs exactly the released image, healthy, limited and unprivileged."""

from dataclasses import replace
from typing import Any

import pytest

from config.contracts import Limits
from guardrails.compose_text import text_sound
from guardrails.composition import composition_sound, name_kept, ports_private
from guardrails.limits import limits_kept
from guardrails.privileges import least_privilege, user_unprivileged
from guardrails.verdict import Level, Verdict
from tools.compose_file import ComposeService, Healthcheck, Port

IMAGE = "ghcr.io/acme/observer"
LIMITS = Limits(cpus="1.0", cpus_reserved="0.5", memory="512M", memory_reserved="256M")
SERVICE = ComposeService(
    name="observer",
    cpus=1.0,
    cpus_reserved=0.5,
    memory=536870912,
    memory_reserved=268435456,
    healthcheck=Healthcheck(("CMD", "python", "health.py")),
    user="qts",
    ports=(Port(8000, "8000", "127.0.0.1"),),
)


def test_a_sound_service_passes_every_rule() -> None:
    assert not composition_sound(SERVICE, LIMITS).findings


@pytest.mark.parametrize(
    ("rule", "image"),
    [
        ("", f"{IMAGE}:${{IMAGE_TAG:?}}"),
        ("", f"{IMAGE}:${{IMAGE_TAG:?set it}}"),
        ("image-tag-optional", f"{IMAGE}:${{IMAGE_TAG}}"),
        ("image-tag-optional", f"{IMAGE}:${{IMAGE_TAG:-latest}}"),
        ("image-tag-optional", f"{IMAGE}:${{IMAGE_TAG?may be empty}}"),
        ("image-tag-fixed", f"{IMAGE}:latest"),
        ("image-tag-fixed", f"{IMAGE}:v1.2.3"),
        ("image-tag-fixed", IMAGE),
        ("image-tag-fixed", ""),
        ("image-tag-fixed", f"{IMAGE}:${{OTHER:?x}}"),
        ("image-tag-fixed", f"{IMAGE}:v${{IMAGE_TAG:?x}}"),
        ("image-tag-fixed", f"{IMAGE}:${{IMAGE_TAG:?x}}-slim"),
        ("image-differs", "ghcr.io/other/observer:${IMAGE_TAG:?x}"),
    ],
)
def test_the_tag_must_come_from_outside_and_nothing_starts_without_it(rule: str, image: str) -> None:
    verdict = judge_text(f"services:\n  observer:\n    image: {image}\n")
    assert [finding.rule for finding in verdict.findings] == ([rule] if rule else [])
    assert verdict.blocks == bool(rule)
    assert all("${IMAGE_TAG:?IMAGE_TAG required}" in finding.remedy for finding in verdict.findings)


def judge_text(text: str) -> Verdict:
    return text_sound(text, "observer", image=IMAGE, tag_variable="IMAGE_TAG")


@pytest.mark.parametrize(
    ("rules", "repository"), [([], IMAGE), (["image-differs"], "ghcr.io/other/observer"), (["image-differs"], "")]
)
def test_an_image_whose_repository_is_a_variable_is_judged_by_its_default(rules: list[str], repository: str) -> None:
    verdict = judge_text(f"services: {{observer: {{image: '${{REPO:-{repository}}}:${{IMAGE_TAG:?x}}'}}}}")
    assert [finding.rule for finding in verdict.findings] == rules
    assert verdict.level is (Level.WARNING if rules else Level.NOTE)


def test_anchors_and_merges_are_followed() -> None:
    text = f"x-all: &all {{image: '{IMAGE}:${{IMAGE_TAG:?x}}'}}\nservices:\n  observer:\n    <<: *all\n"
    assert not judge_text(text).findings


@pytest.mark.parametrize("text", ["", "services: [", "services: {}", "services: {observer: null}", "[]"])
def test_a_file_that_cannot_be_read_blocks(text: str) -> None:
    assert [finding.rule for finding in judge_text(text).findings] == ["compose-unreadable"]


@pytest.mark.parametrize(
    ("rule", "change", "limits"),
    [
        ("", {}, LIMITS),
        ("", {}, Limits(memory="0.5g", cpus="1")),
        ("", {"memory": None, "cpus": None}, Limits()),
        ("limit-missing", {"memory": None}, LIMITS),
        ("limit-missing", {"cpus_reserved": None}, LIMITS),
        ("limit-differs", {"memory": 536870913}, LIMITS),
        ("limit-differs", {"cpus": 2.0}, LIMITS),
        ("limit-unreadable", {}, Limits(memory="plenty")),
    ],
)
def test_limits_are_compared_as_numbers(rule: str, change: dict[str, Any], limits: Limits) -> None:
    verdict = limits_kept(replace(SERVICE, **change), limits)
    assert [finding.rule for finding in verdict.findings] == ([rule] if rule else [])
    assert verdict.blocks == bool(rule)


@pytest.mark.parametrize(
    ("rule", "own", "of_image"),
    [
        ("health-missing", None, None),
        ("health-useless", Healthcheck(("CMD", "true")), ("CMD", "python", "health.py")),
        ("health-useless", None, ("CMD", "python", "-c", "import sys; sys.exit(0)")),
        ("health-useless", Healthcheck(interval=5), ("CMD", "true")),
        ("health-disabled", Healthcheck(disabled=True), ("CMD", "python", "health.py")),
        ("health-disabled", Healthcheck(("NONE",)), ("CMD", "python", "health.py")),
        ("", None, ("CMD", "python", "health.py")),
        ("", Healthcheck(interval=5), ("CMD", "python", "health.py")),
    ],
)
def test_the_health_check_in_force_must_prove_something(
    rule: str, own: Healthcheck | None, of_image: tuple[str, ...] | None
) -> None:
    service = replace(SERVICE, healthcheck=own)
    verdict = composition_sound(service, LIMITS, image_health=of_image)
    assert [finding.rule for finding in verdict.findings] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("rule", "level", "user", "image_user", "running_user"),
    [
        ("", Level.NOTE, "qts", None, None),
        ("", Level.NOTE, "", "1000:1000", None),
        ("", Level.NOTE, "", "qts", ""),
        ("user-root", Level.WARNING, "", "", None),
        ("user-root", Level.WARNING, "0:0", "qts", ""),
        ("user-unknown", Level.WARNING, "", None, None),
        ("user-became-root", Level.BLOCKING, "root", "qts", "qts"),
        ("user-became-root", Level.BLOCKING, "", "", "1000"),
    ],
)
def test_root_is_warned_of_and_becoming_root_is_refused(
    rule: str, level: Level, user: str, image_user: str | None, running_user: str | None
) -> None:
    verdict = user_unprivileged(replace(SERVICE, user=user), image_user=image_user, running_user=running_user)
    assert [finding.rule for finding in verdict.findings] == ([rule] if rule else [])
    assert verdict.level is level


@pytest.mark.parametrize(
    ("rules", "raw"),
    [
        ([], {"privileged": False, "network_mode": "bridge", "cap_drop": ["ALL"]}),
        (["privileged"], {"privileged": True}),
        (["host-namespace"], {"network_mode": "host"}),
        (["host-namespace", "host-namespace"], {"pid": "host", "ipc": "host"}),
        (["added-rights"], {"cap_add": ["SYS_ADMIN"]}),
        (["unconfined"], {"security_opt": ["seccomp=unconfined"]}),
    ],
)
def test_rights_over_the_host_are_warned_of(rules: list[str], raw: dict[str, Any]) -> None:
    verdict = least_privilege(replace(SERVICE, raw=raw))
    assert [finding.rule for finding in verdict.findings] == rules
    assert verdict.level is (Level.WARNING if rules else Level.NOTE)


@pytest.mark.parametrize(
    ("host_ip", "public"),
    [("", True), ("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("::1", False), ("10.0.0.5", False)],
)
def test_a_port_on_every_interface_is_warned_of(host_ip: str, public: bool) -> None:
    verdict = ports_private(replace(SERVICE, ports=(Port(8000, "80", host_ip),)))
    assert [finding.rule for finding in verdict.findings] == ["port-public"] * public
    assert not verdict.blocks


@pytest.mark.parametrize(
    ("planned", "running", "told"),
    [
        ("observer", "observer", []),
        ("obs2", "observer", ["container-renamed"]),
        ("", "observer-1", []),
        ("observer", None, []),
    ],
)
def test_a_container_that_changes_its_name_is_told(planned: str, running: str | None, told: list[str]) -> None:
    verdict = name_kept(replace(SERVICE, container_name=planned), running_name=running)
    assert [finding.rule for finding in verdict.findings] == told
