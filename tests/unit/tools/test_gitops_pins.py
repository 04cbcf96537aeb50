"""Images in a deployment file: whatever else stands in it, only the wanted values change."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tools.errors import Garbled, NotFound
from tools.gitops_pins import Pin, aim, edited, pins

VALUES = PurePosixPath("values.yaml")
KUSTOMIZATION = PurePosixPath("overlays/dev/kustomization.yaml")
OLD, NEW = "core-stage-0a1b2c3d", "core-stage-99887766"
DIGEST, OTHER_DIGEST = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"

PLACES = {
    "block": "core:\n  image:\n    tag: {tag}\n    pullPolicy: Always\n",
    "block with a comment": "core:\n  image:\n    # by the bot\n    tag: {tag}  # never by hand\n",
    "single quotes": "core:\n    image:\n        tag: '{tag}'\n",
    "double quotes": 'core:\n  image:\n    tag: "{tag}"\n',
    "flow": "core: {{image: {{tag: {tag}, pullPolicy: Always}}}}\n",
    "an anchor": "core:\n  image:\n    tag: &core {tag}\nother: *core\n",
    "an anchor and a type": "core:\n  image:\n    tag: !!str &core '{tag}' # x\n",
    "carriage returns": "core:\r\n  image:\r\n    tag: {tag}\r\n",
    "a byte order mark": "\ufeffcore:\n  image:\n    tag: {tag}\n",
    "a document marker": "%YAML 1.2\n---\ncore:\n  image:\n    tag: {tag}\n...\n",
    "no newline at the end": "core:\n  image:\n    tag: {tag}",
    "a quoted key": "core:\n  \"image\":\n    'tag' : {tag}\n",
    "keys of the same name": "tag: {other}\ncore:\n  tag: {other}\n  image:\n    tag: {tag}\n  z: {{tag: x}}\n",
    "wide characters": "# naïve 🚀 ünïcode\ncore:\n  image:\n    tag: {tag} # ü\n",
}

NOISE = (
    "",
    "# a comment\n\n",
    "resources:   {limits: {cpu: '1'},   requests: {}}   # odd   spaces\n",
    "env:\n  - name: A   \n    value: |\n      tag: not this one\n      core:\n  - &b  name: B\n",
    "text: >-\n   folded\n   # no comment\n",
    "defaults: &defaults\n  replicas: 01\n  yes: no\nbatch:\n  <<: *defaults\n  image: {repository: x, tag: '1'}\n",
    "\t\n\n",
    'long: "a line that is much longer than the eighty characters at which a printer of YAML would begin to fold it"\n',
)


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=15)
@given(
    before=st.sampled_from(NOISE),
    after=st.sampled_from(NOISE),
    new=st.from_regex(r"v[a-z0-9._-]{0,30}", fullmatch=True),
)
def test_only_the_tag_changes_whatever_stands_around_it(place: str, before: str, after: str, new: str) -> None:
    text = PLACES[place]
    if "byte order" in place or "marker" in place:
        before = ""
    if "no newline" in place or "marker" in place or "carriage" in place:
        after = ""

    def told(tag: str) -> str:
        return before.replace("\t\n", "\n") + text.format(tag=tag, other=OLD) + after.replace("\t\n", "\n")

    assert pins(told(OLD), VALUES, {"core": "core.image.tag"}) == {"core": Pin(OLD)}
    assert edited(told(OLD), VALUES, {"core": "core.image.tag"}, {"core": Pin(new)}) == told(new)


@pytest.mark.parametrize(
    "tag", ["12345678", "1234e567", "0123", "1_000", "1.10", "no", "null", "0x1f", "2026-02-06", "Y"]
)
def test_a_tag_that_would_be_read_as_something_else_is_quoted(tag: str) -> None:
    after = edited("tag: v1\n", VALUES, {"core": "tag"}, {"core": Pin(tag)})
    assert after == f'tag: "{tag}"\n'
    assert YAML(typ="safe", pure=True).load(after) == {"tag": tag}


@settings(max_examples=60)
@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}", fullmatch=True))
def test_every_possible_tag_is_read_back_as_it_was_written(tag: str) -> None:
    after = edited("a: 1\ntag: v1 # c\n", VALUES, {"core": "tag"}, {"core": Pin(tag)})
    for version in ("1.1", "1.2"):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        assert yaml.load(after)["tag"] == tag


def test_an_empty_place_is_filled_before_its_comment() -> None:
    text = "core:\n  image:\n    tag: # set by the bot\nweb: {image: {tag: ''}}\n"
    places = {"core": "core.image.tag", "web": "web.image.tag"}
    assert pins(text, VALUES, places) == {"core": Pin(""), "web": Pin("")}
    after = edited(text, VALUES, places, {"core": Pin("v1"), "web": Pin("v2")})
    assert after == "core:\n  image:\n    tag: v1 # set by the bot\nweb: {image: {tag: 'v2'}}\n"


@pytest.mark.parametrize("nothing", ["~", "null", "Null", "NULL"])
def test_a_place_that_says_nothing_is_empty_and_can_be_emptied_again(nothing: str) -> None:
    text = f"core:\n  tag: {nothing} # set by the bot\n"
    assert pins(text, VALUES, {"core": "core.tag"}) == {"core": Pin("")}
    filled = edited(text, VALUES, {"core": "core.tag"}, {"core": Pin("v1")})
    assert filled == "core:\n  tag: v1 # set by the bot\n"
    emptied = edited(filled, VALUES, {"core": "core.tag"}, {"core": Pin("")})
    assert pins(emptied, VALUES, {"core": "core.tag"}) == {"core": Pin("")}
    assert pins("core: {tag: 'null'}\n", VALUES, {"core": "core.tag"}) == {"core": Pin("null")}


def test_all_components_are_written_and_what_stands_already_is_left_alone() -> None:
    text = "core: {tag: a} # 1\nbatch: {tag: b}\nweb: {tag: c}\n"
    places = {name: f"{name}.tag" for name in ("core", "batch", "web")}
    wanted = {"core": Pin("v2"), "batch": Pin("b"), "web": Pin("v3")}
    assert edited(text, VALUES, places, wanted) == "core: {tag: v2} # 1\nbatch: {tag: b}\nweb: {tag: v3}\n"


def test_repository_registry_and_digest_beside_a_tag_are_kept_in_step() -> None:
    text = f"image:\n  registry: ghcr.io\n  repository: acme/core\n  tag: v1\n  digest: {DIGEST}\n"
    places = {"core": "image.tag"}
    assert pins(text, VALUES, places) == {"core": Pin("v1", "ghcr.io/acme/core", DIGEST)}
    after = edited(text, VALUES, places, {"core": Pin("v2", "spare.example:5000/acme/core", OTHER_DIGEST)})
    assert after == (
        f"image:\n  registry: spare.example:5000\n  repository: acme/core\n  tag: v2\n  digest: {OTHER_DIGEST}\n"
    )


def test_a_kustomization_names_images_by_their_name() -> None:
    text = (
        "resources: [../../base]\nimages:\n- name: core # the API\n  newName: ghcr.io/acme/core\n  newTag: v1\n"
        f"- name: web\n  digest: {DIGEST}\n  newTag: 'v1'\n"
    )
    places = {"core": "core", "web": "web"}
    assert pins(text, KUSTOMIZATION, places) == {
        "core": Pin("v1", "ghcr.io/acme/core"),
        "web": Pin("v1", None, DIGEST),
    }
    after = edited(text, KUSTOMIZATION, places, {"core": Pin("v2", "x/core"), "web": Pin("v2", None, OTHER_DIGEST)})
    assert after == text.replace("newTag: v1", "newTag: v2").replace("'v1'", "'v2'").replace(
        "ghcr.io/acme/core", "x/core"
    ).replace(DIGEST, OTHER_DIGEST)


@pytest.mark.parametrize(
    ("text", "place", "kind", "told"),
    [
        ("core: {image: {name: x}}\n", "core.image.tag", NotFound, "no core.image.tag. It has name."),
        ("core: {image: x}\n", "core.image.tag", NotFound, "no core.image.tag"),
        ("a: &a {tag: v1}\ncore: *a\n", "core.tag", NotFound, "core in values.yaml is an alias"),
        ("t: &t v1\ncore: {tag: *t}\n", "core.tag", NotFound, "core.tag in values.yaml is an alias"),
        ("a: &a {tag: v1}\ncore:\n  <<: *a\n  b: 1\n", "core.tag", NotFound, "What comes by a merge"),
        ("core: {tag: {x: 1}}\n", "core.tag", Garbled, "not a single value on one line"),
        ("core:\n  tag: |\n    v1\n", "core.tag", Garbled, "not a single value on one line"),
        ("core:\n  tag: {{ .x }}\n", "core.tag", Garbled, "not a single value"),
        ("core: [\n", "core.tag", Garbled, "cannot be read as YAML in line"),
        ("", "core.tag", Garbled, "it is empty"),
        ("a: 1\n---\nb: 2\n", "a", Garbled, "cannot be read as YAML"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_with_the_way_out(
    text: str, place: str, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind) as error:
        pins(text, VALUES, {"core": place})
    assert told in str(error.value)
    assert getattr(error.value, "remedy", "")


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("images:\n- {name: core, newTag: v1}\n- {name: core, newTag: v2}\n", Garbled, "2 entries named core"),
        ("x: &x {name: core, newTag: v1}\nimages: [*x]\n", NotFound, "is an alias of another place"),
        ("x: &x [{name: core, newTag: v1}]\nimages: *x\n", NotFound, "is an alias of another place"),
        ("images: [core]\n", NotFound, "no entry named core"),
        ("images: [{name: core}]\n", NotFound, "neither `newTag` nor `digest`"),
    ],
)
def test_an_image_that_a_kustomization_does_not_name_once_is_told(text: str, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind) as error:
        pins(text, KUSTOMIZATION, {"core": "core"})
    assert told in str(error.value)


def test_two_components_at_one_place_must_agree() -> None:
    text, places = "tag: v1\n", {"core": "tag", "batch": "tag"}
    assert edited(text, VALUES, places, {"core": Pin("v2"), "batch": Pin("v2")}) == "tag: v2\n"
    with pytest.raises(Garbled, match="shares its place"):
        edited(text, VALUES, places, {"core": Pin("v2"), "batch": Pin("v3")})


OWN, FALLBACK = "ghcr.io/acme/core", "spare.example/acme/core"


@pytest.mark.parametrize(
    ("stands", "built", "expected"),
    [
        (Pin("v1"), Pin("v2", OWN, DIGEST), Pin("v2")),
        (Pin("v1", OWN, OTHER_DIGEST), Pin("v2", OWN, DIGEST), Pin("v2", OWN, DIGEST)),
        (Pin("v1", OWN, ""), Pin("v2", FALLBACK, DIGEST), Pin("v2", FALLBACK, "")),
        (Pin("v1", FALLBACK), Pin("v2", OWN, DIGEST), Pin("v2", OWN)),
        (Pin("v1", "mirror.example/core"), Pin("v2", OWN, DIGEST), Pin("v2", "mirror.example/core")),
        (Pin(None, None, OTHER_DIGEST), Pin("v2", OWN, DIGEST), Pin(None, None, DIGEST)),
    ],
)
def test_what_shall_stand_follows_what_the_file_can_say(stands: Pin, built: Pin, expected: Pin) -> None:
    assert aim(stands, built, OWN, FALLBACK) == expected


@pytest.mark.parametrize("image", [None, "acme/core", "mirror.example/core"])
def test_a_file_that_cannot_name_the_fallback_is_told(image: str | None) -> None:
    with pytest.raises(NotFound, match="no place for that name"):
        aim(Pin("v1", image), Pin("v2", FALLBACK, DIGEST), OWN, FALLBACK)
