"""P14: what a commit may not bring, beside secrets."""

import pytest

from guardrails.staged_files import is_env_file, staged_sound
from guardrails.verdict import Level
from tools.staged import LARGEST_READ_BYTES, StagedFile


def staged(path: str, content: bytes = b"x", *, before: bytes = b"", deleted: bool = False) -> StagedFile:
    return StagedFile(path, content, len(content), before, added=not before, deleted=deleted)


def told(*files: StagedFile) -> list[tuple[str, Level]]:
    return [(finding.rule, finding.level) for finding in staged_sound(files).findings]


@pytest.mark.parametrize("name", [".env", "deploy/.env.production", "prod.env", ".ENV", ".env.local"])
def test_an_env_file_is_refused_and_one_that_is_there_already_is_told(name: str) -> None:
    assert told(staged(name)) == [("env-file", Level.BLOCKING)]
    assert told(staged(name, before=b"A=1")) == [("env-file", Level.WARNING)]
    assert told(staged(name, deleted=True)) == []


@pytest.mark.parametrize("name", [".env.example", "x/.env.sample", ".env.template", "environment.py", ".envrc", "env"])
def test_examples_and_files_with_similar_names_are_no_env_files(name: str) -> None:
    assert not is_env_file(name)


def test_a_large_file_is_told_and_not_read() -> None:
    (finding,) = staged_sound([StagedFile("model.json", b"", LARGEST_READ_BYTES + 1)]).findings
    assert (finding.rule, finding.level) == ("large-file", Level.WARNING)
    assert "10 MB" in finding.message


@pytest.mark.parametrize(
    ("path", "content", "place"),
    [
        ("a.json", b'{"a": 1,}', "line 1, column"),
        ("a.json", b'{\n "a": }', "line 2, column 7"),
        ("a.json", b"", "line 1"),
        ("a.json", b'{"a": "\xff"}', "not UTF-8"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.yml", b"a: [1\nb: 2\n", "line"),
        ("a.yaml", b"a:\n\tb: 1\n", "line 2"),
        ("a.yaml", b"a: \xff\n", "not UTF-8"),
        ("a.yaml", b"[" * 10_000, "nested too deeply"),
    ],
)
def test_json_and_yaml_that_cannot_be_read_are_refused_with_the_place(path: str, content: bytes, place: str) -> None:
    (finding,) = staged_sound([staged(path, content)]).findings
    assert (finding.rule, finding.level) == ("syntax", Level.BLOCKING)
    assert place in finding.message


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.json", b"\xef\xbb\xbf{}"),
        ("a.json", b"[" + b"9" * 5_000 + b"]"),
        ("tsconfig.json", b"{ // why\n}"),
        (".vscode/settings.json", b'{"a": 1,}'),
        ("a.yaml", b"a: !Ref b\n---\nc: &x 1\nd: *x\n"),
        ("a.yaml", b"a: {{ .Values.b }}\n"),
        ("charts/x/templates/a.yaml", b"{{ if }}\n a: : b\n"),
        ("a.txt", b"{"),
    ],
)
def test_what_its_own_tools_read_is_left_alone(path: str, content: bytes) -> None:
    assert told(staged(path, content)) == []
