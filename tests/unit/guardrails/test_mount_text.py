"""P15 no data dies with a container: mounts that look harmless once compose has filled in their variables."""

import pytest

from guardrails.compose_text import mount_variables, targets_written, text_sound

IMAGE = "ghcr.io/acme/observer"


def rules(text: str) -> list[str]:
    verdict = text_sound(text, "observer", image=IMAGE, tag_variable="IMAGE_TAG")
    assert all(finding.remedy for finding in verdict.findings)
    return [finding.rule for finding in verdict.findings]


@pytest.mark.parametrize(
    ("rule", "entry"),
    [
        ("bind-climbs-out", "../data:/app/data"),
        ("bind-climbs-out", "./../data:/app/data:ro"),
        ("bind-climbs-out", "'${DATA:-../data}:/app/data'"),
        ("bind-climbs-out", "'${DATA:-${OLD-./a/../../data}}:/app/data'"),
        ("bind-climbs-out", "{type: bind, source: ../data, target: /app/data}"),
        ("bind-climbs-out", "shared:/app/data"),
        ("bind-in-home", "~/data:/app/data"),
        ("bind-in-home", "'${DATA:-~/data}:/app/data'"),
        ("bind-in-home", "~backup:/app/data"),
        ("mount-per-version", "./data/${IMAGE_TAG}:/app/data"),
        ("mount-per-version", "./data/$IMAGE_TAG:/app/data"),
        ("mount-per-version", "'./${IMAGE_TAG:-latest}/data:/app/data:rw'"),
        ("mount-per-version", "{type: volume, source: mine, target: /app/data, volume: {subpath: '${IMAGE_TAG}'}}"),
        ("mount-per-version", "versioned:/app/data"),
        ("mount-per-version", "{type: volume, source: versioned, target: /app/data}"),
        ("", "./models/${IMAGE_TAG}:/app/models:ro"),
        ("", "./data/${IMAGE_TAGS}:/app/data"),
        ("", "'${DATA:?../here}:/app/data'"),
        ("", "./data..old:/app/data"),
        ("", "./da~ta:/app/data"),
        ("", "/app/../scratch"),
        ("", "mine:/app/data"),
        ("", "{type: volume, target: /app/data}"),
    ],
)
def test_p15_a_mount_that_means_another_place_elsewhere_or_later_is_refused(rule: str, entry: str) -> None:
    image = f"{IMAGE}:${{IMAGE_TAG:?x}}"
    assert rules(f"{VOLUMES}\nservices:\n  observer:\n    image: {image}\n    volumes:\n      - {entry}\n") == (
        [rule] if rule else []
    )


VOLUMES = """
volumes:
  mine: {}
  versioned: {name: "observer_${IMAGE_TAG:-v0}"}
  shared: {driver_opts: {type: none, o: bind, device: ../shared}}
"""


@pytest.mark.parametrize(
    "services",
    [
        "services: {base: {volumes: [../data:/app/data]}, observer: {image: IMAGE, extends: base}}",
        "services: {base: {volumes: [../data:/a]}, observer: {image: IMAGE, extends: {service: base}}}",
        "services: {b: {volumes: [../data:/a]}, a: {extends: b, image: IMAGE}, observer: {extends: a}}",
        "x-all: &all {volumes: [../data:/a]}\nservices: {observer: {<<: *all, image: IMAGE}}",
        "x-all: &all [../data:/a]\nservices: {observer: {volumes: *all, image: IMAGE}}",
        "services: {observer: {image: IMAGE, extends: observer, volumes: [../data:/a]}}",
    ],
    ids=["extends", "extends mapping", "extends twice", "merge", "anchor", "extends itself"],
)
def test_p15_what_is_taken_over_from_elsewhere_in_the_file_counts(services: str) -> None:
    assert rules(services.replace("IMAGE", f"'{IMAGE}:${{IMAGE_TAG:?x}}'")) == ["bind-climbs-out"]


@pytest.mark.parametrize(
    "text",
    [
        "services: {observer: {image: x, extends: [a]}}",
        "services: {observer: {image: x, extends: ghost}}",
        "services: {observer: {image: x, volumes: 5}}",
        "services: [observer]",
    ],
)
def test_a_file_that_makes_no_sense_blocks(text: str) -> None:
    assert rules(text) == ["compose-unreadable"]


def test_the_variables_and_places_of_mounts_are_told() -> None:
    text = """
services:
  observer: {image: "x:${TAG}", volumes: ["${A:-./a}:/a", "./b$${NOT}/${B:?}:/b:ro", {source: $C, target: /c}, /d]}
  other: {volumes: ["${E}:/e"]}
volumes: {state: {name: "${D-x}_state"}}
"""
    assert mount_variables(text, "observer") == {"A", "B", "C", "D"}
    assert targets_written(text, "observer") == ("/a", "/b", "/c", "/d")
    assert (mount_variables("[", "observer"), targets_written("x", "observer")) == (frozenset(), ())
