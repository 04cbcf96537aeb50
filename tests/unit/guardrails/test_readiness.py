"""P3 nothing fails half-way for want of something that could be seen before."""

from dataclasses import replace

import pytest

from guardrails.compose_text import demanded
from guardrails.leaks import nothing_leaked
from guardrails.readiness import Readiness, Unshipped, host_ready, images_shipped

READY = Readiness("observer-1", "/srv/observer/.env", ("KIS_API_KEY", "OBSERVER_PORT"))


def test_a_host_with_its_env_file_and_every_demanded_name_is_ready() -> None:
    assert not host_ready(READY, {"KIS_API_KEY"}).findings


def test_a_missing_env_file_is_told_with_its_path_and_the_names_to_put_in() -> None:
    (finding,) = host_ready(replace(READY, names=None), {"KIS_API_KEY", "KIS_API_SECRET"}).findings
    assert finding.rule == "env-file-absent"
    assert finding.message == "/srv/observer/.env is not on observer-1."
    assert "mode 0600 with KIS_API_KEY, KIS_API_SECRET" in finding.remedy


def test_an_env_file_that_the_bot_was_not_given_is_told_with_the_variable_to_set() -> None:
    (finding,) = host_ready(replace(READY, names=None, given_by="ENV_FILE"), {"KIS_API_KEY"}).findings
    assert finding.rule == "env-file-not-given"
    assert finding.message == "ENV_FILE is not set, so /srv/observer/.env cannot be written on observer-1."
    assert finding.remedy.startswith("Set ENV_FILE in the bot's environment")


def test_a_name_that_the_given_env_file_lacks_is_to_be_added_to_its_variable() -> None:
    (finding,) = host_ready(replace(READY, names=(), given_by="ENV_FILE"), {"KIS_API_KEY"}).findings
    assert finding.remedy == "Add KIS_API_KEY to ENV_FILE."


def test_a_name_that_compose_demands_and_nobody_gives_is_told_with_the_file_to_add_it_to() -> None:
    (finding,) = host_ready(READY, {"KIS_API_KEY", "KIS_API_SECRET"}).findings
    assert finding.rule == "variable-not-given"
    assert finding.remedy == "Add KIS_API_SECRET to /srv/observer/.env on observer-1."


def test_a_secret_that_cannot_be_masked_is_a_warning_that_names_it() -> None:
    verdict = host_ready(replace(READY, unmasked=("KIS_API_KEY",)), set())
    (finding,) = verdict.findings
    assert not verdict.blocks
    assert (finding.rule, finding.subject) == ("secret-not-maskable", "observer-1: KIS_API_KEY")
    assert "/srv/observer/.env" in finding.remedy


def test_a_target_without_an_env_file_needs_none() -> None:
    assert not host_ready(Readiness("observer-1", None, ()), {"KIS_API_KEY"}).findings


def test_a_registry_that_shuts_the_host_out_is_told_with_the_login_command() -> None:
    remedy = "On observer-1, run `docker login ghcr.io`."
    verdict = images_shipped(
        [Unshipped("observer-1", "ghcr.io/acme/observer@sha256:1", "denied", remedy, refused=True)]
    )
    assert verdict.blocks
    assert [(finding.rule, finding.remedy) for finding in verdict.findings] == [("registry-login", remedy)]


def test_an_image_that_could_not_be_shipped_is_told_with_the_command_to_try() -> None:
    (finding,) = images_shipped([Unshipped("observer-1", "ghcr.io/acme/observer@sha256:1", "no space", "")]).findings
    assert finding.rule == "image-not-shipped"
    assert finding.remedy == "On observer-1, try it by hand: `docker pull ghcr.io/acme/observer@sha256:1`"


def test_images_that_are_everywhere_are_no_finding() -> None:
    assert not images_shipped([]).findings


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("image: x:${TAG:?TAG required}", {"TAG"}),
        ("a: ${ONE?}\nb: ${TWO:-x}\nc: ${THREE}\nd: $FOUR", {"ONE"}),
        ("# ${COMMENT:?no}\na: 1", set()),
        ("a: $${ESCAPED:?no}\nb: $$${REAL:?yes}", {"REAL"}),
        ("list: [{deep: '${DEEP:?x}'}]", {"DEEP"}),
        ("a: [", set()),
    ],
)
def test_the_names_that_a_compose_file_demands_are_read_from_its_values(text: str, names: set[str]) -> None:
    assert demanded(text) == names


def test_a_secret_in_a_log_is_to_be_rotated() -> None:
    assert not nothing_leaked("observer", ()).findings
    (finding,) = nothing_leaked("observer", ["KIS_API_KEY"]).findings
    assert finding.rule == "secret-in-log"
    assert finding.remedy.startswith("Rotate KIS_API_KEY: issue a new value and revoke the old one.")
