from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from guardrails.secrets import (
    Allowance,
    SecretUse,
    State,
    idle_allowances,
    objections,
    secret_uses,
)
from guardrails.verdict import Level, Verdict
from tools.scanner import PatternMatch


def no_hardcoded_secrets(
    found: Iterable[SecretUse], matches: Iterable[PatternMatch], *allowed: Iterable[Allowance], today: date = date.max
) -> Verdict:
    """Ask for objections as the analyzer and the builder do."""
    return Verdict.of(one.finding for one in objections(found, matches, *allowed, today=today))


VALUE = "Harbor!2345Zinc"
LITERAL = SecretUse("compose.yml", 3, "DB_PASSWORD", "setting", State.LITERAL, "f1", (10, 25))
MATCH = PatternMatch("compose.yml", 3, "betterleaks.generic", (12, 20), "f2")
TODAY = date(2026, 3, 1)


def rules(uses: list[SecretUse], matches: list[PatternMatch] | None = None) -> list[tuple[str, Level]]:
    return [(one.rule, one.level) for one in no_hardcoded_secrets(uses, matches or []).findings]


def test_a_literal_blocks_and_says_where_what_and_what_to_write_instead() -> None:
    (finding,) = no_hardcoded_secrets([LITERAL], []).findings
    assert (finding.rule, finding.level, finding.place) == ("secret-literal", Level.BLOCKING, "compose.yml:3")
    assert "`${DB_PASSWORD:?DB_PASSWORD required}`" in finding.remedy
    assert "structure layer" in finding.message
    assert "f1" in finding.message


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        (".github/workflows/ship.yml", "setting", "`${{ secrets.DB_PASSWORD }}`"),
        ("Dockerfile", "image-variable", "--mount=type=secret,id=db_password"),
        (".env", "env-file", "Take the file out of git"),
        ("k8s/secret.yaml", "kubernetes-secret", "SealedSecret"),
        ("id_rsa", "private-key", "Delete the key"),
        ("src/db.py", "source-literal", 'os.environ["DB_PASSWORD"]'),
        ("web/db.ts", "source-literal", "process.env.DB_PASSWORD"),
        ("cmd/main.go", "source-literal", 'os.Getenv("DB_PASSWORD")'),
        ("lib/db.zig", "known-token", "let the program read DB_PASSWORD from its environment"),
        ("infra/main.tf", "setting", "TF_VAR_db_password"),
        (".gitlab-ci.yml", "setting", "masked variable"),
        ("ansible/group_vars/all.yml", "setting", "ansible-vault encrypt_string"),
        ("charts/x/values.yaml", "setting", "existing Secret"),
        ("k8s/app.yaml", "name-value", "secretKeyRef"),
        ("appsettings.json", "setting", "dotnet user-secrets"),
        ("src/main/resources/application.properties", "setting", "`${DB_PASSWORD}` without a default"),
        ("Makefile", "assignment", "`$(DB_PASSWORD)`"),
        ("deploy.sh", "option", '"${DB_PASSWORD:?DB_PASSWORD required}"'),
        ("layer 2 of 5: /app/.env", "env-file", ".dockerignore"),
        ("history step 3", "assignment", "everybody who can pull the image"),
    ],
)
def test_the_way_out_fits_the_kind_of_file(path: str, kind: str, expected: str) -> None:
    (finding,) = no_hardcoded_secrets([replace(LITERAL, path=path, kind=kind)], []).findings
    assert expected in finding.remedy


def test_only_what_compose_fills_in_is_told_to_use_its_syntax() -> None:
    for path in ("src/db.py", "infra/main.tf", "appsettings.json", "a.properties", "x.toml", "nginx.conf", "pom.xml"):
        (finding,) = no_hardcoded_secrets([replace(LITERAL, path=path)], []).findings
        assert ":?DB_PASSWORD required}" not in finding.remedy, path


def test_references_and_empty_values_pass() -> None:
    assert rules([replace(LITERAL, state=State.REFERENCE), replace(LITERAL, state=State.EMPTY)]) == []


def test_a_placeholder_blocks_where_it_is_deployed_and_passes_in_an_example() -> None:
    placeholder = replace(LITERAL, state=State.PLACEHOLDER)
    assert rules([placeholder]) == [("secret-placeholder", Level.BLOCKING)]
    assert rules([replace(placeholder, path=".env.example")]) == []


def test_a_literal_in_an_example_blocks_all_the_same() -> None:
    assert rules([replace(LITERAL, path=".env.example")]) == [("secret-literal", Level.BLOCKING)]


def test_a_secret_taken_out_of_a_file_is_a_warning_to_rotate_it() -> None:
    (finding,) = no_hardcoded_secrets([replace(LITERAL, removed=True)], []).findings
    assert (finding.rule, finding.level) == ("secret-removed", Level.WARNING)
    assert "Rotate" in finding.remedy
    assert rules([], [replace(MATCH, removed=True)]) == [("secret-removed", Level.WARNING)]


def test_a_known_token_blocks_also_where_no_key_names_it() -> None:
    assert rules([], [MATCH]) == [("secret-pattern", Level.BLOCKING)]


def test_both_layers_on_one_value_are_one_finding() -> None:
    assert rules([LITERAL], [MATCH]) == [("secret-literal", Level.BLOCKING)]
    same_value = replace(MATCH, span=(400, 415), fingerprint="f1")
    assert rules([replace(LITERAL, span=None)], [same_value]) == [("secret-literal", Level.BLOCKING)]


def test_a_reference_vetoes_a_pattern_on_the_same_place_only() -> None:
    settled = replace(LITERAL, state=State.REFERENCE, settled=True)
    assert rules([settled], [MATCH]) == []
    assert rules([settled], [replace(MATCH, span=(30, 40))]) == [("secret-pattern", Level.BLOCKING)]
    assert rules([settled], [replace(MATCH, path="other.yml")]) == [("secret-pattern", Level.BLOCKING)]
    assert rules([replace(settled, settled=False)], [MATCH]) == [("secret-pattern", Level.BLOCKING)]


def test_a_token_hidden_in_a_reference_is_not_vetoed() -> None:
    token = "gh" + "p_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    found = secret_uses("compose.yml", f"API_TOKEN: ${{API_TOKEN:?{token}}}\n")
    assert not any(use.settled for use in found)
    assert no_hardcoded_secrets(found, []).blocks


def test_a_file_that_cannot_be_read_is_reported_and_a_template_only_noted() -> None:
    broken = SecretUse("a.yaml", 1, "mapping not closed", "YAML", State.UNREAD)
    assert rules([broken]) == [("secrets-unparsed", Level.WARNING)]
    assert rules([replace(broken, kind="YAML template")]) == [("secrets-unparsed", Level.NOTE)]


ALLOWED = Allowance("compose.yml", "DB_PASSWORD", "f1", "demo database without data", date(2026, 3, 1))


def test_an_allowance_holds_up_to_its_last_day_and_stays_visible() -> None:
    (finding,) = no_hardcoded_secrets([LITERAL], [], [ALLOWED], today=TODAY).findings
    assert (finding.rule, finding.level) == ("secret-allowed", Level.NOTE)
    assert "demo database" in finding.message


def test_an_allowance_that_ended_blocks_again_and_says_so() -> None:
    (finding,) = no_hardcoded_secrets([LITERAL], [], [ALLOWED], today=date(2026, 3, 2)).findings
    assert finding.level is Level.BLOCKING
    assert "ended on 2026-03-01" in finding.message


@pytest.mark.parametrize(
    "other", [replace(ALLOWED, path="x"), replace(ALLOWED, key="x"), replace(ALLOWED, fingerprint="x")]
)
def test_an_allowance_is_for_one_value_of_one_key_in_one_file(other: Allowance) -> None:
    assert no_hardcoded_secrets([LITERAL], [], [other], today=TODAY).blocks


def test_without_a_date_or_a_fingerprint_no_allowance_holds() -> None:
    assert no_hardcoded_secrets([LITERAL], [], [ALLOWED]).blocks
    bare = replace(LITERAL, fingerprint="")
    assert no_hardcoded_secrets([bare], [], [replace(ALLOWED, fingerprint="")], today=TODAY).blocks


def test_an_allowance_for_a_file_in_an_image_holds_in_whatever_layer_the_file_lies() -> None:
    shipped = replace(LITERAL, path="linux/arm64, layer 3 of 7: /app/.env")
    allowed = replace(ALLOWED, path="/app/.env")
    assert not no_hardcoded_secrets([shipped], [], [allowed], today=TODAY).blocks


KEYED = replace(LITERAL, fingerprint="3f9c-0000000000000001")
HELD = replace(ALLOWED, fingerprint=KEYED.fingerprint)


@pytest.mark.parametrize(
    ("entry", "why", "way_out"),
    [
        (replace(HELD, path="gone.yml"), "Nothing is found there any more", "Take the entry out"),
        (replace(HELD, fingerprint="3f9c-0000000000000002"), "The value there is another one", "Look at the new value"),
        (replace(HELD, fingerprint="aaaa-0000000000000001"), "another key (aaaa)", "SHIPMATE_FINGERPRINT_SECRET"),
    ],
)
def test_p14_an_entry_that_matches_nothing_is_told_with_why(entry: Allowance, why: str, way_out: str) -> None:
    found = objections([KEYED], [], [entry], today=TODAY)
    (finding,) = idle_allowances(found, [entry], "3f9c").findings
    assert (finding.rule, finding.level) == ("secret-allowance-idle", Level.WARNING)
    assert why in finding.message
    assert way_out in finding.remedy


def test_an_entry_that_matches_is_not_idle_also_after_its_last_day() -> None:
    for today in (TODAY, date(2027, 1, 1)):
        found = objections([KEYED], [], [HELD], today=today)
        assert idle_allowances(found, [HELD], "3f9c").findings == ()


def test_a_password_in_the_source_of_a_test_is_a_warning_and_elsewhere_it_blocks() -> None:
    code = f'PASSWORD = "{VALUE}"\n'
    for path, level in (("src/login.py", Level.BLOCKING), ("tests/test_login.py", Level.WARNING)):
        assert no_hardcoded_secrets(secret_uses(path, code), []).level is level


def test_no_finding_carries_the_value() -> None:
    uses = secret_uses(
        "compose.yml", f"a:\n  DB_PASSWORD: {VALUE}\n  url: postgres://u:{VALUE}@h/d\n  b: curl -u a:{VALUE}\n"
    )
    found = objections(uses, [])
    assert len(found) >= 2
    assert VALUE not in repr((uses, found, [one.finding for one in found]))


def test_a_credential_in_source_is_called_by_the_variable_that_holds_it() -> None:
    github, aws = "gh" + "p_" + "a1B2c3D4e5" * 3 + "f6G7h8", "AK" + "IA" + "QWERTYUIOPASDF23"
    found = objections(secret_uses("src/a.py", f'GITHUB = "{github}"\nAWS = "{aws}"\n'), [])
    assert [(one.key, one.remedy.partition(",")[0]) for one in found] == [
        ("GITHUB", 'Write `os.environ["GITHUB"]`'),
        ("AWS", 'Write `os.environ["AWS"]`'),
    ]


def test_of_an_address_with_a_password_in_source_the_whole_address_is_replaced() -> None:
    (named,) = objections(secret_uses("src/a.py", f'url = "postgres://app:{VALUE}@db/x"\n'), [])
    assert (named.key, named.kind) == ("url", "url-password")
    assert named.remedy.startswith('Write `os.environ["URL"]` in place of the whole address')
    (nameless,) = objections(secret_uses("src/a.py", f'connect("postgres://app:{VALUE}@db/x")\n'), [])
    assert "URL_PASSWORD" not in nameless.remedy


@pytest.mark.parametrize("path", ["compose.yml", "run.sh"])
def test_a_default_is_one_finding_of_the_variable_that_it_stands_in_for(path: str) -> None:
    sign = ": " if path.endswith("yml") else "="
    (one,) = objections(secret_uses(path, f"SECRET_DEFAULT{sign}${{SECRET_KEY:-{VALUE}}}\n"), [])
    assert (one.key, one.level) == ("SECRET_KEY", Level.BLOCKING)


def test_a_default_of_a_variable_that_is_not_named_for_a_secret_is_told_by_its_key() -> None:
    (one,) = objections(secret_uses("compose.yml", f"DB_PASSWORD: ${{HOST:-{VALUE}}}\n"), [])
    assert one.key == "DB_PASSWORD"
