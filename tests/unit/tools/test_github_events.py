import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.corpora.webhooks import PAYLOADS, content, event_of, payload
from tools.github_events import (
    FORM,
    ChecksEnded,
    GithubEvent,
    Malformed,
    Published,
    PullChanged,
    Pushed,
    Rerequested,
    Tagged,
    Unwanted,
    dump,
    is_signed,
    load,
    read,
    signature,
)

JSON = "application/json"
WORLD = "Codertocat/Hello-World"
EVENTS = ("push", "create", "release", "pull_request", "check_suite", "ping")
MEANT: dict[str, GithubEvent] = {
    "push": Pushed(WORLD, "master", "Codertocat"),
    "push-tag": Tagged(WORLD, "simple-tag", "Codertocat"),
    "create": Tagged(WORLD, "simple-tag", "Codertocat"),
    "release": Published(WORLD, "0.0.1", "Codertocat"),
    "pull_request": PullChanged(WORLD, 2),
    "check_suite": ChecksEnded(WORLD, "ec26c3e57ca3a959ca5aad62de7213c562f8c821"),
}
SECRET = SecretStr("It's a Secret to Everybody")


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_github_really_sends_is_understood_or_left_alone(name: str) -> None:
    told = read(event_of(name), JSON, content(name))
    assert told == MEANT[name] if name in MEANT else isinstance(told, Unwanted)


def test_the_signature_is_the_one_that_github_documents() -> None:
    documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature(SECRET, b"Hello, World!") == documented
    assert is_signed(SECRET, b"Hello, World!", documented)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        "sha1=757107ea0eb2509fc211221cce984b8a37570b6d",
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
        "SHA256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17",
        "sha256=ü\ud800",
    ],
)
def test_any_other_signature_is_none(header: str) -> None:
    assert not is_signed(SECRET, b"Hello, World!", header)


@given(st.binary(), st.text())
def test_no_header_and_no_body_can_break_the_check(body: bytes, header: str) -> None:
    assert is_signed(SECRET, body, header) == (header == signature(SECRET, body))


def test_a_webhook_set_up_to_send_forms_is_understood_too() -> None:
    form = urlencode({"payload": content("push").decode()}).encode()
    assert read("push", FORM, form) == MEANT["push"]
    assert isinstance(read("push", FORM, b"something=else"), Malformed)


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        ("push", {"ref": "refs/heads/-upload-pack=evil"}),
        ("push", {"ref": "refs/heads/a..b"}),
        ("push", {"ref": "refs/notes/commits"}),
        ("push", {"ref": "main"}),
        ("create", {"ref": "$(reboot)"}),
        ("create", {"ref_type": "branch"}),
        ("release", {"action": "created"}),
        ("check_suite", {"action": "requested"}),
        ("check_run", {"action": "created", "check_run": {"head_sha": "a" * 40}}),
        ("pull_request", {"action": "labeled"}),
        ("installation", {}),
    ],
)
def test_names_that_git_would_never_be_given_and_other_actions_release_nothing(
    event: str, changed: dict[str, Any]
) -> None:
    name = event if event in PAYLOADS else "ping"
    place = {} if event in PAYLOADS else {"repository": {"full_name": WORLD}}
    assert isinstance(read(event, JSON, json.dumps(payload(name) | place | changed).encode()), Unwanted)


@pytest.mark.parametrize("event", ["check_run", "check_suite"])
def test_the_wish_to_repeat_a_check_is_understood(event: str) -> None:
    told = {"action": "rerequested", event: {"head_sha": "a" * 40}, "repository": {"full_name": WORLD}}
    understood = read(event, JSON, json.dumps(told).encode())
    assert understood == Rerequested(WORLD, "a" * 40)
    assert load(dump(understood)) == understood


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        ("push", {"ref": None}),
        ("push", {"ref": 7}),
        ("push", {"repository": {"full_name": "../../etc/passwd"}}),
        ("push", {"repository": {"full_name": "acme/observer\n"}}),
        ("push", {"sender": {"login": "<!channel>"}}),
        ("pull_request", {"number": -1}),
        ("pull_request", {"number": True}),
        ("pull_request", {"number": 10**30}),
        ("check_suite", {"check_suite": {"head_sha": "HEAD"}}),
        ("release", {"release": {"tag_name": "v1"}}),
    ],
)
def test_a_payload_with_something_strange_in_it_is_refused_with_its_place(event: str, changed: dict[str, Any]) -> None:
    told = read(event, JSON, json.dumps(payload(event) | changed).encode())
    assert isinstance(told, Malformed)
    assert next(iter(changed)) in told.reason


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"[" * 100_000, b"\xff\xfe", b'{"ref":"\\ud800"}'])
@pytest.mark.parametrize("event", EVENTS)
def test_what_is_no_payload_at_all_is_refused(event: str, body: bytes) -> None:
    assert isinstance(read(event, JSON, body), Malformed)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(EVENTS), st.sampled_from(PAYLOADS), st.data())
def test_no_payload_can_break_the_reader(event: str, name: str, data: st.DataObject) -> None:
    body = payload(name)
    for key in data.draw(st.lists(st.sampled_from(sorted(body)), max_size=4)):
        body[key] = data.draw(VALUES)
    told = read(event, data.draw(st.sampled_from((JSON, FORM, ""))), json.dumps(body).encode())
    if not isinstance(told, Unwanted | Malformed):
        assert load(json.loads(json.dumps(dump(told)))) == told


@given(st.sampled_from(EVENTS), st.sampled_from((JSON, FORM)), st.binary())
@example("push", FORM, b"\x80")
def test_no_bytes_can_break_the_reader(event: str, content_type: str, body: bytes) -> None:
    assert isinstance(read(event, content_type, body), Unwanted | Malformed)
