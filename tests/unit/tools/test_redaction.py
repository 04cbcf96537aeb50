"""No secret gets out (P16): what is registered is masked however it is encoded."""

import base64
import html
import json
import shlex
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import redaction
from tools.occurrences import Occurrences
from tools.redaction import Redactor

CANARY = "Har\"bor$2345/Zi'nc<&>+ü"
ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON with umlauts": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)[1:-1])[1:-1],
    "repr": lambda value: repr(value)[1:-1],
    "URL": lambda value: quote(value, safe=""),
    "URL path": quote,
    "form": quote_plus,
    "HTML": html.escape,
    "Slack": lambda value: html.escape(value, quote=False),
    "shell": lambda value: shlex.quote(value).strip("'"),
    "YAML": lambda value: value.replace("'", "''"),
    "compose": lambda value: value.replace("$", "$$"),
    "hex": lambda value: value.encode().hex(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 in the middle": lambda value: base64.b64encode(b"a:" + value.encode() + b"@b").decode(),
    "base64 shifted": lambda value: base64.b64encode(b"u" + value.encode() + b"x").decode(),
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
}
secrets = st.text(st.characters(codec="utf-8"), min_size=8, max_size=40).filter(
    lambda value: (
        len(value.strip()) >= 8 and len(set(value)) >= 4 and "[redacted" not in value and "\n" not in value.strip()
    )
)


def knowing(**values: str) -> Redactor:
    redactor = Redactor()
    for name, value in values.items():
        assert redactor.register(name, value) is None
    return redactor


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_planted_canary_is_masked_in_every_encoding(encoding: str) -> None:
    redactor = knowing(CANARY=CANARY)
    text = f"before {ENCODINGS[encoding](CANARY)} after"
    shown = redactor.redact(text)
    assert "[redacted:CANARY]" in shown
    assert not redactor.leaks(shown)
    assert redactor.leaks(text)
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@given(secrets, st.sampled_from(sorted(ENCODINGS)), st.text(max_size=20), st.text(max_size=20))
def test_no_registered_value_gets_through_any_encoding(secret: str, encoding: str, before: str, after: str) -> None:
    redactor = Redactor()
    if redactor.register("S", secret) is not None:
        return
    encoded = ENCODINGS[encoding](secret)
    if not encoding.startswith("base64 "):
        assert encoded not in redactor.redact(before + encoded + after)
    assert "[redacted:S]" in redactor.redact(before + encoded + after)


@given(st.lists(secrets, min_size=1, max_size=3), st.text(max_size=50))
def test_redacting_twice_changes_nothing(values: list[str], text: str) -> None:
    redactor = Redactor()
    for value in values:
        redactor.register("S", value)
    once = redactor.redact(text.join(values))
    assert redactor.redact(once) == once


def test_a_text_with_a_disguised_secret_does_not_go_out_and_the_log_does_not_tell_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    redactor, secret = knowing(S="Harbor!2345ZincMeadow"), "Harbor!2345ZincMeadow"
    disguised = " ".join(secret)
    assert redactor.outgoing(f"ok: {disguised}").startswith("Withheld: S stands here in disguise. ")
    assert redactor.outgoing(f"ok: {secret}") == "ok: [redacted:S]"
    (line,) = caplog.messages
    assert "was withheld" in line
    assert disguised not in line


@pytest.mark.parametrize("value", ["short", "1234567", "aaaaaaaaaaaa", "sqlite:///x/shipmate.db", "a[redacted:b]", ""])
def test_what_cannot_be_masked_is_refused_with_a_reason(value: str) -> None:
    redactor = Redactor()
    reason = redactor.register("PIN", value)
    assert reason is not None
    assert reason.startswith("PIN ")
    assert redactor.redact(f"x {value} y") == f"x {value} y"


@pytest.mark.parametrize("word", ["postgres", "Production", "changeme", "password1"])
def test_an_ordinary_word_is_refused_since_masking_it_would_mask_ordinary_text(word: str) -> None:
    redactor = Redactor()
    assert redactor.register("PIN", word) == "PIN is an ordinary word and cannot be masked: use a stronger one."
    assert not redactor.leaks(f"It runs in {word}.")


def test_a_name_that_everything_speaks_of_is_refused() -> None:
    redactor = Redactor(spared=["observer-eu"])
    told = redactor.register("DB_PASSWORD", "observer-eu")
    assert told == "DB_PASSWORD is a name of the configuration and cannot be masked: use a stronger one."
    assert redactor.outgoing("observer-eu runs") == "observer-eu runs"


def test_a_secret_made_of_such_names_makes_no_text_unreadable() -> None:
    redactor, secret = Redactor(spared=["observer", "production"]), "observer-production-Zq8!"
    assert redactor.register("DB_PASSWORD", secret) is None
    plain = "observer-production, observer/production and OBSERVER_PRODUCTION run"
    assert redactor.outgoing(plain) == plain
    assert redactor.outgoing(f"with {secret}") == "with [redacted:DB_PASSWORD]"
    assert redactor.leaks(secret[-12:].upper())


@pytest.mark.parametrize("word", ["repository", "Deployment", "connection", "kubernetes"])
def test_of_a_secret_with_an_ordinary_word_in_it_the_word_is_no_piece_and_the_rest_is(word: str) -> None:
    secret = f"my-{word}-key-17Q"
    redactor, plain = knowing(X=secret), f"The {word} has a {word.upper()}; see /{word}/ and {word}-two."
    assert redactor.outgoing(plain) == plain
    assert not redactor.leaks(word[::-1])
    assert redactor.outgoing(f"with {secret}") == "with [redacted:X]"
    assert redactor.leaks(secret.upper())
    assert redactor.redact(f"cut: {secret[-11:]}") == "cut: [redacted:X]"


@pytest.mark.parametrize("known_first", [True, False])
def test_a_version_that_shares_characters_with_a_secret_stays_as_it_is_and_a_whole_secret_does_not(
    known_first: bool,
) -> None:
    secret, version = "release-2026-" + "pw!", "release-2026.4"
    redactor = knowing(DB_PASSWORD=secret) if known_first else Redactor()
    redactor.spare(version)
    assert redactor.register("DB_PASSWORD", secret) is None
    assert redactor.outgoing(f"{version} runs") == f"{version} runs"
    assert redactor.blanked(version.encode()) == version.encode()
    assert redactor.whole_in(version) == ()
    assert redactor.whole_in(f"v-{secret}") == ("DB_PASSWORD",)
    assert redactor.outgoing(f"with {secret}") == "with [redacted:DB_PASSWORD]"
    assert redactor.redact(f"...{secret[-11:]}") == "...[redacted:DB_PASSWORD]"


@pytest.mark.parametrize("known_first", [True, False])
def test_nothing_is_spared_of_a_name_with_a_whole_secret_in_it(known_first: bool) -> None:
    secret = "release-2026-" + "pw!"
    redactor = knowing(DB_PASSWORD=secret) if known_first else Redactor()
    redactor.spare(f"v1-{secret}")
    assert redactor.register("DB_PASSWORD", secret) is None
    assert redactor.redact(f"v1-{secret[:11]}") == "v1-[redacted:DB_PASSWORD]"
    assert redactor.leaks(secret[::-1])


@given(secrets, st.integers(0, 30), st.integers(10, 40), st.text(max_size=20), st.text(max_size=20))
def test_of_a_secret_that_was_cut_no_ten_characters_are_left(
    secret: str, start: int, size: int, before: str, after: str
) -> None:
    redactor, piece = Redactor(), secret[start : start + size]
    if redactor.register("S", secret) is not None or len(secret.splitlines()) > 1:
        return
    shown = redactor.redact(f"{before}|{piece}|{after}")
    runs = [piece[at : at + 10] for at in range(len(piece) - 9)]
    assert not [run for run in runs if len(set(run)) >= 4 and run in shown and run not in before + after]


def test_a_cut_secret_is_masked_and_the_rest_of_the_text_stays() -> None:
    """Whoever cut before the redactor saw it gave nothing away."""
    redactor = knowing(TOKEN="Harbor!2345ZincMeadow")
    assert redactor.outgoing("login with Harbor!2345Z ... (cut)") == "login with [redacted:TOKEN] ... (cut)"
    assert redactor.redact("...2345ZincMeadow refused") == "...[redacted:TOKEN] refused"


def test_of_a_value_that_only_looks_like_a_secret_no_piece_is_masked() -> None:
    redactor = Redactor()
    assert redactor.register("APP_IMAGE", "registry.example.com/acme/app1", whole=True) is None
    assert redactor.outgoing("registry.example.com is down") == "registry.example.com is down"
    assert redactor.redact("registry.example.com/acme/app1") == "[redacted:APP_IMAGE]"


def test_values_that_run_out_by_themselves_do_not_pile_up() -> None:
    redactor = Redactor()
    tokens = [f"{number:02d}-Harbor!2345-{number:02d}-Zinc" for number in range(5)]
    for token in tokens:
        assert redactor.register("TOKEN", token, newest=2, whole=True) is None
    assert [token in redactor.redact(token) for token in tokens] == [True, True, True, False, False]


def test_in_bytes_of_any_form_a_secret_is_blanked_and_every_length_stays() -> None:
    redactor, secret = knowing(S="Hafen!2345Zürich"), "Hafen!2345Zürich"
    content = b"\xa5\xff" + secret.encode() + b"\x00\xfe"
    assert redactor.blanked(content) == b"\xa5\xff" + b"*" * len(secret.encode()) + b"\x00\xfe"
    assert redactor.blanked(b"\xa5\xff nothing") == b"\xa5\xff nothing"


def test_a_text_that_is_no_unicode_does_not_get_past() -> None:
    redactor = knowing(S="Harbor!2345Zinc", T="Meadow\udcff-6789-Quartz")
    assert redactor.redact("caf\udce9/Harbor!2345Zinc") == "caf\udce9/[redacted:S]"
    assert redactor.leaks("caf\udce9 " + " ".join("Harbor!2345Zinc"))


def test_a_message_is_let_out_text_by_text_so_that_its_buttons_stay() -> None:
    redactor, secret = knowing(S="Harbor!2345ZincMeadow"), "Harbor!2345ZincMeadow"
    message = {"channel": secret, "blocks": [{"text": secret[::-1]}, {"text": f"a {secret}"}, {"value": "v1", "n": 1}]}
    sent = redactor.outgoing_values(message, verbatim={"channel"})
    assert sent["channel"] == secret
    assert sent["blocks"][0]["text"].startswith("Withheld: S stands here in disguise. ")
    assert sent["blocks"][1:] == [{"text": "a [redacted:S]"}, {"value": "v1", "n": 1}]


def test_keys_of_a_message_are_let_out_as_texts_where_that_is_asked_for() -> None:
    redactor, secret = knowing(S="Harbor!2345ZincMeadow"), "Harbor!2345ZincMeadow"
    message = {"facts": [{secret: 1}], "kept": {secret: secret}}
    assert redactor.outgoing_values(message)["facts"] == [{secret: 1}]
    sent = redactor.outgoing_values(message, keys=True)
    assert sent == {"facts": [{"[redacted:S]": 1}], "kept": {"[redacted:S]": "[redacted:S]"}}


def test_no_long_text_gets_longer_than_it_was_since_its_taker_has_a_limit() -> None:
    redactor = knowing(A_VERY_LONG_NAME_OF_A_SECRET="Harbor!2345")
    text = "Harbor!2345 " * 100
    assert len(redactor.outgoing_values(text)) == len(text)


def test_a_document_stays_json_whatever_a_secret_is_made_of() -> None:
    secret = 'a","b":"c-Harbor'
    redactor = knowing(S=secret)
    text = json.dumps({"a": "x", "told": secret, "b": "c-Harbor!"})
    assert json.loads(redactor.redact_document(text))["told"] == "[redacted:S]"
    assert redactor.redact_document('{"a": 1}') == '{"a": 1}'
    assert redactor.redact_document("[not json " + secret) == "[not json [redacted:S]"


def test_overlapping_secrets_leave_no_tail() -> None:
    redactor = knowing(A="abcdefgh12", B="gh12ijklmnopqrst")
    assert redactor.redact("abcdefgh12ijklmnopqrst.") == "[redacted:A]."


def test_every_line_of_a_key_is_a_secret_and_its_header_is_not() -> None:
    body = [base64.b64encode(bytes((i * j + 7) % 251 for i in range(48))).decode() for j in (3, 5)]
    header = "-----BEGIN PRIVATE " + "KEY-----"
    redactor = knowing(KEY="\n".join([header, *body, "-----END PRIVATE " + "KEY-----"]))
    assert redactor.redact(f"x {body[1]} y") == "x [redacted:KEY] y"
    assert not redactor.leaks(f"a file that begins with {header}")


def test_the_password_of_an_address_is_a_secret_by_itself_and_its_host_is_not() -> None:
    redactor = knowing(DATABASE_URL="postgresql://app:p%40ss-Word9x@db.example.com:5432/shipmate")
    assert redactor.redact("PGPASSWORD=p@ss-Word9x psql") == "PGPASSWORD=[redacted:DATABASE_URL] psql"
    assert not redactor.leaks("postgresql://db.example.com:5432/shipmate does not answer")
    assert redactor.leaks("p@ss-Word9x")


def test_the_brand_of_a_token_may_be_spoken_of() -> None:
    redactor = knowing(T="github" + "_pat_" + "a1B2c3D4e5f6G7h8i9J0k1L2")
    assert not redactor.leaks("Create a github_pat_ token in the settings.")
    assert redactor.leaks("a1B2c3D4e5f6")


@pytest.mark.parametrize(
    "disguise",
    [
        lambda value: value[:10],
        lambda value: value[3:],
        str.upper,
        lambda value: value[::-1],
        " ".join,
        "\n".join,
        "\u200b".join,
        lambda value: value[:5] + "\x1b[31m" + value[5:],
        lambda value: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value),
        "<U+200B>".join,
        "&lt;U+202E&gt;".join,
        lambda value: base64.encodebytes(b"x" * 50 + value.encode()).decode(),
    ],
)
def test_the_tripwire_sees_through_disguises_that_masking_cannot(disguise: Callable[[str], str]) -> None:
    assert knowing(S="Harbor!2345ZincMeadow").leaks(f"ok: {disguise('Harbor!2345ZincMeadow')}")


def test_the_tripwire_stays_quiet_on_ordinary_text() -> None:
    redactor = knowing(**{f"S{i}": base64.b64encode(f"{i * 7919}-seed-{i}".encode()).decode() for i in range(50)})
    assert not redactor.leaks(json.dumps({"services": {"observer": {"image": "ghcr.io/acme/observer:v1.2.3"}}}) * 20)
    assert not Redactor().leaks("nothing registered")


def test_structures_are_redacted_keys_included() -> None:
    redactor = knowing(S="Harbor!2345Zinc")
    assert redactor.redact_values({"a": ["Harbor!2345Zinc", 1, None], "Harbor!2345Zinc": ("x",)}) == {
        "a": ["[redacted:S]", 1, None],
        "[redacted:S]": ("x",),
    }


def test_a_name_cannot_break_the_mark() -> None:
    redactor = Redactor()
    redactor.register("A]\nB", "Harbor!2345Zinc")
    assert redactor.redact("Harbor!2345Zinc") == "[redacted:A__B]"


LONG_SECRET = "".join(base64.b64encode(bytes((i * i + i * j + j) % 251 for i in range(48))).decode() for j in range(60))
LINES = "\n".join(LONG_SECRET[at : at + 64] for at in range(0, len(LONG_SECRET), 64))


@pytest.mark.parametrize("secret", [LONG_SECRET, LINES])
@pytest.mark.parametrize("start", [0, 1, 19, 44, 45, 1000, 2017, 3799])
def test_of_a_long_secret_every_piece_of_forty_characters_is_seen(secret: str, start: int) -> None:
    redactor, piece = knowing(KEY=secret), secret[start : start + 40]
    assert "[redacted:KEY]" in redactor.redact(f"x {piece} y")
    for disguised in (piece.upper(), piece[::-1], " ".join(piece), piece.replace("\n", " ")):
        assert redactor.leaks(f"x {disguised} y")
    assert redactor.redact(f"x {secret} y") == "x [redacted:KEY] y"


@pytest.mark.parametrize(
    "encoding", ["raw", "JSON", "hex", "base64", "base64 in the middle", "base64 shifted", "base64url", "HTML", "URL"]
)
def test_a_long_secret_is_masked_in_the_forms_that_are_cheap_to_search_for(encoding: str) -> None:
    redactor, encoded = knowing(KEY=LINES), ENCODINGS[encoding](LINES)
    assert "[redacted:KEY]" in redactor.redact(encoded)
    assert len(redactor.redact(encoded)) < 40
    assert redactor.leaks(encoded) or encoding in {"HTML", "URL"}


def test_the_runs_of_a_long_secret_grow_with_its_length_and_not_with_its_forms() -> None:
    for size in (2_100, 3_800):
        known = redaction._known("KEY", LONG_SECRET[:size], False, frozenset())  # noqa: SLF001
        assert len(known.pieces) <= size / 19 + 2
        assert sum(map(len, known.disguises)) <= 16 * size
        assert sum(map(len, known.forms)) <= 30 * size


def test_a_search_is_built_only_for_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def counted(patterns: Iterable[tuple[str, str]]) -> Occurrences:
        search = Occurrences(patterns)
        built.append(len(search.names))
        return search

    redactor = knowing(KEY=LINES, PIN="Zinc!234")
    monkeypatch.setattr(redaction, "Occurrences", counted)
    redactor.outgoing("x")
    both = len(built)
    assert redactor.register("PIN", "Zinc!234") is None
    assert redactor.register("KEY", LINES) is None
    redactor.outgoing("x")
    assert len(built) == both == 2, "what is known is not built again"
    assert redactor.register("TOKEN", "Harbor!2345") is None
    redactor.outgoing("x")
    assert len(built) == 4
    assert max(built) < 100 + len("Harbor!2345Zinc!234") * 20, "the long one is not built again"
