"""The rules for Dockerfiles: what is refused and why, and what only looks like a fault."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sources import DockerfileRules
from guardrails.dockerfile import dockerfile_sound, plain_name
from guardrails.dockerfile_user import compose_user_agreed, image_user_agreed, is_root
from guardrails.verdict import Level, Verdict

CPU = "python:3.11-slim"
GPU = "nvidia/cuda:12.*-base-ubuntu22.04"
RULES = DockerfileRules(
    bases=(CPU, GPU), multi_stage=True, user="appuser", packages=("ffmpeg",), weights=("*.safetensors", "*.ckpt")
)
GOOD = """\
# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /build
COPY src src
RUN python -m compileall src

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 appuser
COPY --from=build /build/src /app/src
USER appuser
CMD ["python", "-m", "kodex"]
"""


def judge(text: str, rules: DockerfileRules = RULES, **arguments: str) -> Verdict:
    return dockerfile_sound("Dockerfile", text, rules, arguments=arguments)


def only(**rules: Any) -> DockerfileRules:
    return DockerfileRules(**rules)


def rules_broken(text: str, rules: DockerfileRules = RULES, **arguments: str) -> list[str]:
    verdict = judge(text, rules, **arguments)
    return [finding.rule for finding in verdict.findings if finding.level is Level.BLOCKING]


def test_a_dockerfile_that_keeps_to_every_rule_has_no_finding() -> None:
    assert not judge(GOOD).findings


def test_rules_that_ask_for_nothing_find_nothing() -> None:
    assert not judge("FROM anything:1\nUSER root\n", DockerfileRules()).findings
    assert not judge("FROM", DockerfileRules()).findings


@pytest.mark.parametrize(
    ("old", "new", "rule", "told", "remedy"),
    [
        ("\nFROM python:3.11-slim\n", "\nFROM python:3.12-slim\n", "base-image", "python:3.12-slim", f"`FROM {CPU}`"),
        ("\nFROM python:3.11-slim\n", "\nFROM python:3.11-alpine\n", "base-image", "3.11-alpine", GPU),
        ("\nFROM python:3.11-slim\n", "\nARG X\nFROM ${X}\n", "base-unknown", "nothing sets X", "a default"),
        ("--from=build /build/src", "src", "single-stage", "copies nothing", "COPY --from=build"),
        ("USER appuser\n", "", "user-root", "no USER", "USER appuser"),
        ("USER appuser\n", "USER appuser\nUSER root\n", "user-root", "`USER root`", "USER appuser"),
        ("USER appuser\n", "USER 0:0\n", "user-root", "`USER 0:0`", "USER appuser"),
        ("USER appuser\n", "USER nobody\n", "user-differs", "nobody", "USER appuser"),
        ("--uid 10001 appuser", "-ou 0 appuser", "user-root", "root under another name", "useradd"),
        (" ffmpeg &&", " sox &&", "package-missing", "not installed by name", "apt-get install"),
        (
            "COPY --from=build",
            "COPY m/v.safetensors /m/\nCOPY --from=build",
            "weights-in-dockerfile",
            "m/v.saf",
            "mount",
        ),
    ],
)
def test_every_broken_rule_is_refused_with_its_line_and_its_remedy(
    old: str, new: str, rule: str, told: str, remedy: str
) -> None:
    assert old in GOOD
    (finding,) = judge(GOOD.replace(old, new)).findings
    assert finding.rule == rule
    assert finding.level is Level.BLOCKING
    assert told in finding.message
    assert remedy in finding.remedy
    assert finding.place.startswith("Dockerfile:")


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("python:3.11-slim", "python:3.11-slim"),
        ("docker.io/library/python:3.11-slim", "python:3.11-slim"),
        ("library/python:3.11-slim", "python:3.11-slim"),
        ("127.0.0.1:5000/library/python:3.11-slim", "python:3.11-slim"),
        ("harbor.acme.example/proxy/library/python:3.11-slim", "python:3.11-slim"),
        ("localhost/python:3.11-slim@sha256:0123", "python:3.11-slim"),
        ("python@sha256:0123", "python"),
        ("python", "python:latest"),
        ("ghcr.io/acme/python:3.11-slim", "acme/python:3.11-slim"),
        ("nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04", "nvidia/cuda:12.4.1-base-ubuntu22.04"),
        ("host:5000/python", "python:latest"),
        ("scratch", "scratch"),
    ],
)
def test_an_image_is_known_by_its_name_wherever_it_comes_from(image: str, name: str) -> None:
    assert plain_name(image) == name


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        (f"FROM {CPU}", True),
        (f"FROM --platform=$BUILDPLATFORM {CPU} AS x", True),
        (f"FROM {CPU}@sha256:0123", True),
        ("FROM python@sha256:0123", False),
        ("FROM nvidia/cuda:12.4.1-base-ubuntu22.04", True),
        ("FROM nvidia/cuda:11.8.0-base-ubuntu22.04", False),
        ("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04", False),
        ("FROM nvidia/cuda:12.4.1-base-ubuntu24.04", False),
        ("ARG BASE=python:3.11-slim\nFROM ${BASE}", True),
        ("ARG TAG=3.11-slim\nARG BASE=python:$TAG\nFROM $BASE", True),
        ("ARG TAG\nFROM python:${TAG:-3.11-slim}", True),
        ("ARG SLIM=yes\nFROM python:3.11${SLIM:+-slim}", True),
        (f"FROM {CPU} AS Base\nFROM base AS next\nFROM next", True),
        ("FROM debian:12 AS base\nFROM base", False),
        (f"FROM debian:12 AS build\nFROM {CPU}", True),
        (f"FROM {CPU} AS base-amd64\nFROM base-$TARGETARCH", True),
        ('FROM "python:3.11-slim"', True),
        ("from python:3.11-slim as x", True),
    ],
)
def test_the_base_of_the_final_stage_is_found_through_stages_and_arguments(text: str, fine: bool) -> None:
    assert bool(rules_broken(text, only(bases=(CPU, GPU)))) is not fine


def test_a_build_argument_counts_more_than_the_default() -> None:
    text = "ARG BASE=debian:12\nFROM $BASE"
    assert rules_broken(text, only(bases=(CPU,)))
    assert not rules_broken(text, only(bases=(CPU,)), BASE=CPU)


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("FROM a:1 AS build\nFROM b:1\nCOPY --from=build /x /x", True),
        ("FROM a:1\nFROM b:1\nCOPY --from=0 /x /x", True),
        ("FROM a:1 AS Build\nFROM b:1\nCOPY --from=BUILD /x /x", True),
        (
            "FROM a:1 AS build\nFROM b:1\nRUN --mount=from=build,target=/b --mount=type=cache,target=/c cp /b/x /x",
            True,
        ),
        ("FROM a:1 AS build\nFROM b:1 AS run\nCOPY --from=build /x /x\nFROM run", True),
        ("FROM a:1", False),
        ("FROM a:1 AS build\nFROM b:1", False),
        ("FROM a:1 AS base\nFROM base", False),
        ("FROM a:1 AS base\nFROM base\nCOPY --from=base /x /x", False),
        ("FROM a:1\nFROM b:1\nCOPY --from=ghcr.io/acme/tool:1 /x /x", False),
    ],
)
def test_a_stage_counts_only_where_something_of_it_is_left_behind(text: str, fine: bool) -> None:
    assert rules_broken(text, only(multi_stage=True)) == ["single-stage"] * (not fine)


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ("USER appuser", None),
        ("USER appuser:appgroup", None),
        ('USER "appuser"', None),
        ("ARG WHO=appuser\nUSER $WHO", None),
        ("ENV WHO=appuser\nUSER ${WHO}", None),
        ("RUN useradd -u 10001 appuser\nUSER 10001", None),
        ("RUN adduser --disabled-password --uid=10001 appuser\nUSER 10001:10001", None),
        ("RUN echo 'appuser:x:10001:10001::/app:/bin/false' >> /etc/passwd\nUSER 10001", None),
        ("USER root\nRUN x\nUSER appuser", None),
        ("USER 10001", "user-differs"),
        ("RUN useradd -u 10001 other\nUSER 10001", "user-differs"),
        ("USER", "user-root"),
        ("USER root", "user-root"),
        ("USER root:root", "user-root"),
        ("USER 00", "user-root"),
        ("USER appuser\nuser root", "user-root"),
        ("RUN echo 'appuser:x:0:0::/:/bin/sh' >> /etc/passwd\nUSER appuser", "user-root"),
        ("RUN useradd -o --uid 0 appuser\nUSER appuser", "user-root"),
    ],
)
def test_the_last_user_of_the_final_stage_must_be_the_agreed_one(lines: str, rule: str | None) -> None:
    broken = rules_broken(f"FROM a:1 AS b\nUSER root\nFROM c:1\n{lines}", only(user="appuser"))
    assert broken == ([rule] if rule else [])


def test_a_user_is_taken_over_from_the_stage_below() -> None:
    assert not rules_broken("FROM a:1 AS b\nUSER appuser\nFROM b\nRUN x", only(user="appuser"))
    assert not rules_broken("FROM a:1\nUSER 10001", only(user="10001"))


@pytest.mark.parametrize(
    ("user", "passwd", "rule"),
    [
        ("appuser", "appuser:x:10001:10001::/app:/bin/false\n", None),
        ("10001", "root:x:0:0::/:\nappuser:x:10001:10001::/app:/bin/false\n", None),
        ("appuser", "", None),
        ("", "", "user-root"),
        ("0:0", "", "user-root"),
        ("appuser", "appuser:x:0:0::/app:/bin/false\n", "user-root"),
        ("other", "", "user-differs"),
    ],
)
def test_a_built_image_is_asked_who_it_runs_as(user: str, passwd: str, rule: str | None) -> None:
    found = image_user_agreed(user, "appuser", passwd, "kodex:v1")
    assert [finding.rule for finding in found.findings] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("user", "rule"), [(None, None), ("appuser", None), ("0", "user-root"), ("me", "user-differs")]
)
def test_a_compose_file_may_not_make_the_container_run_as_somebody_else(user: str | None, rule: str | None) -> None:
    found = compose_user_agreed(user, "appuser", "kodex")
    assert [finding.rule for finding in found.findings] == ([rule] if rule else [])


@given(st.text(max_size=8))
def test_any_user_is_root_or_is_not(user: str) -> None:
    assert is_root(user) in {True, False}


@pytest.mark.parametrize(
    ("lines", "there"),
    [
        ("RUN apt-get install -y ffmpeg", True),
        (
            "RUN apt-get update && \\\n  apt-get install -y \\\n  # sound\n  ffmpeg=7:5.1.4-0 \\\n  curl",
            True,
        ),
        (
            "RUN set -eux; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y -t testing ffmpeg/stable",
            True,
        ),
        ("RUN <<EOF\nset -e\napt-get update\napt-get install -y \\\n  ffmpeg:amd64 # sound\nEOF", True),
        ('RUN ["apt-get", "install", "-y", "ffmpeg"]', True),
        ('RUN bash -euxo pipefail -c "apt-get install -y ffmpeg"', True),
        ("RUN apk add --no-cache 'ffmpeg>=6' curl", True),
        ("RUN apk add --no-cache --virtual .run ffmpeg", True),
        ("RUN if true; then sudo -E apt install ffmpeg; fi", True),
        ("RUN --mount=type=cache,target=/var/cache/apt apt-get install -y ffmpeg", True),
        ("ARG PACKAGES='curl ffmpeg'\nRUN apt-get install -y $PACKAGES", True),
        ("ENV PACKAGES='curl ffmpeg'\nRUN apt-get install -y ${PACKAGES}", True),
        ("RUN (apt-get update; apt-get install -y ffmpeg) > /dev/null 2>&1", True),
        ("RUN apt-get install -y ffmpegthumbnailer", False),
        ("RUN apt-get install -y ffmpeg-", False),
        ("RUN apt-get install -y --download-only ffmpeg", False),
        ("RUN apt-get install -yd ffmpeg", False),
        ("RUN apt-get install -y ffmpeg && apt-get purge -y ffmpeg", False),
        ("RUN apk add --virtual .build ffmpeg\nRUN apk del .build", False),
        ("RUN echo apt-get install -y ffmpeg", False),
        ("RUN apt-cache show ffmpeg", False),
        ("RUN apt-get install -y curl # ffmpeg", False),
        ("RUN pip install ffmpeg", False),
        ("RUN apt-get install -y curl > ffmpeg", False),
        ("# RUN apt-get install -y ffmpeg", False),
        ("RUN apt-get -t ffmpeg install -y curl", False),
    ],
)
def test_a_package_counts_where_the_final_stage_installs_it_by_name(lines: str, there: bool) -> None:
    assert rules_broken(f"FROM a:1\n{lines}\n", only(packages=("ffmpeg",))) == ["package-missing"] * (not there)


def test_a_package_of_another_stage_is_told_to_be_there_only() -> None:
    text = "FROM a:1 AS build\nRUN apt-get install ffmpeg\nFROM a:1\nCOPY --from=build /x /x"
    (finding,) = judge(text, only(packages=("ffmpeg",))).findings
    assert "in stage build only" in finding.message
    assert not rules_broken(text.replace("FROM a:1\nCOPY", "FROM build\nCOPY"), only(packages=("ffmpeg",)))


@pytest.mark.parametrize(
    ("line", "brought"),
    [
        ("COPY voices/de.safetensors /models/", True),
        ("COPY --chown=1:1 a b c.CKPT /models/", True),
        ('COPY ["voice one.ckpt", "/models/"]', True),
        ("ADD https://models.acme.example/de.safetensors?download=1 /models/", True),
        ("RUN curl -fsSLO https://models.acme.example/de.safetensors", True),
        ("RUN wget -O /m/voice.ckpt https://models.acme.example/1", True),
        ("ARG MODEL=de.safetensors\nCOPY $MODEL /models/", True),
        ("COPY src/ckpt.py /app/", False),
        ("RUN rm -f /tmp/old.ckpt", False),
        ("COPY src /models/x.ckpt", False),
    ],
)
def test_weights_named_in_an_instruction_of_the_final_image_are_refused(line: str, brought: bool) -> None:
    rules = only(weights=RULES.weights)
    assert rules_broken(f"FROM a:1\n{line}\n", rules) == ["weights-in-dockerfile"] * brought
    assert not rules_broken(f"FROM a:1 AS build\n{line}\nFROM a:1\n", rules)


def test_an_address_that_is_added_unchecked_and_a_moving_base_are_told_and_stop_nothing() -> None:
    verdict = judge("FROM python\nADD https://acme.example/tool?key=1 /bin/\n", only(user="10001"))
    found = {finding.rule: finding for finding in verdict.findings}
    assert found["add-unchecked"].level is Level.WARNING
    assert "key=1" not in found["add-unchecked"].message
    assert found["base-moving"].level is Level.NOTE
    checked = "FROM python:3\nADD --checksum=sha256:01 https://acme.example/tool /bin/\nUSER 10001"
    assert not judge(checked, only(user="10001")).findings


@pytest.mark.parametrize("text", ["", "# nothing", "RUN x", "FROM a\nENV x", "FROM a\nRUN <<EOF\n", "FROM a\0"])
def test_what_is_no_dockerfile_is_refused_as_unreadable(text: str) -> None:
    assert rules_broken(text) == ["dockerfile-unreadable"]


pieces = st.sampled_from(
    [
        *("FROM a", "FROM $A AS b", "FROM b", "ARG A=x", "ARG A", "ENV A=b C=$A", "VOLUME /x", "\\"),
        *("USER", "USER $A", "COPY", "ADD x", "COPY --from=9 a b", 'RUN ["a"]', "ONBUILD USER x", "RUN <<EOF\nx\nEOF"),
        *('RUN apt-get install "', "RUN sh -c 'sh -c \"apk add x\"'", "RUN apk add -t", "RUN useradd -u"),
        *("RUN ${A:-${B}}", "RUN --mount=from=b x"),
    ]
)


@given(st.lists(pieces | st.text(max_size=12), max_size=12).map("\n".join))
def test_no_text_is_too_strange(text: str) -> None:
    judge(text, A="a")


@pytest.mark.parametrize(
    ("taking", "named"),
    [
        ("COPY --from=ghcr.io/acme/tools /a /a", ["Dockerfile: ghcr.io/acme/tools"]),
        ("RUN --mount=type=bind,from=acme/tools:latest,target=/t cp /t/a /a", ["Dockerfile: acme/tools:latest"]),
        ("COPY --from=ghcr.io/acme/tools:1.2 /a /a", []),
        ("COPY --from=BUILD /a /a", []),
        ("COPY --from=0 /a /a", []),
    ],
)
def test_an_image_without_a_version_that_files_are_taken_from_is_remarked(taking: str, named: list[str]) -> None:
    verdict = dockerfile_sound("Dockerfile", f"FROM a:1 AS build\nFROM b:1\n{taking}\n", DockerfileRules())
    assert [(one.subject, one.level) for one in verdict.findings] == [(name, Level.NOTE) for name in named]
