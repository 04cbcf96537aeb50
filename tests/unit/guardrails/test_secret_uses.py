import base64
import codecs
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardrails.secrets import SecretUse, State, secret_uses
from guardrails.secrets.formats import Format, format_of, is_example

PASSWORD = "Harbor!2345Zinc"
RANDOM = "0d1f7a9be24c4c58" * 2
LITERAL = State.LITERAL


def uses(path: str, text: str) -> dict[int, State]:
    return {use.line: use.state for use in secret_uses(path, text)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Dockerfile.prod", Format.DOCKERFILE),
        ("a/compose.override.yaml.sample", Format.YAML),
        (".env.production", Format.ENVIRONMENT),
        ("charts/x/values.yaml", Format.YAML),
        ("config/app.toml", Format.SETTINGS),
        ("redis.conf", Format.DIRECTIVES),
        ("x.patch", Format.DIFF),
        ("src/main.py", Format.SOURCE),
        ("vendor/acme/main.go", Format.NONE),
        ("web.config", Format.XML),
        ("package-lock.json", Format.NONE),
        ("web/locales/en.json", Format.NONE),
    ],
)
def test_a_file_is_classified_by_its_name(path: str, expected: Format) -> None:
    assert format_of(path, "") is expected


def test_a_file_without_a_telling_name_is_classified_by_its_content() -> None:
    assert format_of("bin/deploy", "#!/usr/bin/env bash\n") is Format.SHELL
    assert format_of("change", "diff --git a/x b/x\n") is Format.DIFF


def test_examples_are_known_by_name() -> None:
    assert is_example("a/.env.example")
    assert is_example("compose.sample.yml")
    assert not is_example(".env")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("compose.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: {pw}\n", {4: LITERAL}),
        ("compose.yml", "services:\n  a:\n    environment:\n      - DB_PASSWORD={pw}\n      - X=1\n", {4: LITERAL}),
        (
            "compose.yml",
            "services:\n  a:\n    environment:\n      - DB_PASSWORD\n      - DB_PASSWORD=$X\n",
            {5: State.REFERENCE},
        ),
        ("compose.yml", "x: &e {{DB_PASSWORD: {pw}}}\na: *e\nb: {{<<: *e}}\n", {1: LITERAL}),
        ("compose.yml", "services:\n  a:\n    command: [serve, --token, {random}]\n", {3: LITERAL}),
        ("compose.yml", "a:\n  build:\n    args:\n      NPM_TOKEN: {random}\n", {4: LITERAL}),
        ("compose.yml", "a:\n  url: postgres://u:{pw}@db/x\n", {2: LITERAL}),
        ("Dockerfile", "FROM a\nENV A=1 \\\n    SECRET_KEY={random} \\\n    B=2\n", {3: LITERAL}),
        ("Dockerfile", "FROM a\nRUN <<EOF\nset -e\nexport API_KEY={random}\nEOF\n", {4: LITERAL}),
        ("Dockerfile", "FROM a\nARG TOKEN\nENV DB_PASSWORD {pw}\n", {2: State.EMPTY, 3: LITERAL}),
        (".env", "A=1\nexport DB_PASSWORD='{pw}'\nAPI_TOKEN=${{API_TOKEN:?}}\n", {2: LITERAL, 3: State.REFERENCE}),
        ("x.json", '{{\n  "ssh": {{"password": "{pw}"}},\n  "token": "${{T}}"\n}}', {2: LITERAL, 3: State.REFERENCE}),
        ("x.json", '{{"environment": [\n{{"name": "API_KEY", "value": "{random}"}}]}}', {2: LITERAL}),
        ("x.toml", '[a]\nauth = {{ user = "u", password = "{pw}" }}\n', {2: LITERAL}),
        (".npmrc", "//r.test/:_authToken={random}\n", {1: LITERAL}),
        ("x.sh", "PGPASSWORD={pw} psql -h db\n", {1: LITERAL}),
        ("x.sh", "docker run -e API_KEY={random} a\ndocker run -e API_KEY a\n", {1: LITERAL}),
        ("x.sh", "docker login -u a -p {pw} r\ndocker run -p 80:80 a\n", {1: LITERAL}),
        (
            "x.sh",
            'curl {user} a:{pw} https://x.test\ncurl -u "a:$PW" https://x.test\n',
            {1: LITERAL, 2: State.REFERENCE},
        ),
        ("x.sh", 'curl -H "Authorization: Bearer {random}" https://x.test\n', {1: LITERAL}),
        ("x.sh", "curl 'https://x.test/?access_token={random}&a=1'\n", {1: LITERAL}),
        ("x.sh", 'ssh h "export SECRET_KEY={random}; ls"\n', {1: LITERAL}),
        ("x.sh", "echo {pw} | docker login --password-stdin r\n", {1: LITERAL}),
        ("x.sh", "cat > .env <<EOF\nSECRET_KEY={random}\nEOF\n", {2: LITERAL}),
        ("x.yml", "db: Server=d;User Id=sa;Password={pw};Encrypt=true\n", {1: LITERAL}),
        ("x.pem", "-----BEGIN EC PRIVATE " + "KEY-----\nabc\n", {1: LITERAL}),
        ("cm.yaml", 'kind: ConfigMap\ndata:\n  a.json: |\n    {{\n      "token": "{random}"\n    }}\n', {5: LITERAL}),
        ("cm.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  api-key: {random}\n", {4: LITERAL}),
        (
            "values.yaml",
            "a:\n{{{{- if .x }}}}\n  password: {{{{ .Values.pw }}}}\n{{{{- end }}}}\n",
            {3: State.REFERENCE},
        ),
        (
            ".github/workflows/a.yml",
            "env:\n  TOKEN: ${{{{ secrets.T }}}}\n  KEY_TOKEN: {random}\n",
            {2: State.REFERENCE, 3: LITERAL},
        ),
    ],
)
def test_a_secret_is_found_on_its_line(path: str, text: str, expected: dict[int, State]) -> None:
    assert uses(path, text.format(pw=PASSWORD, random=RANDOM, user="-u")) == expected


def test_base64_in_a_kubernetes_secret_protects_nothing() -> None:
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    assert uses("s.yaml", f"apiVersion: v1\nkind: Secret\ndata:\n  db-password: {encoded}\n") == {4: LITERAL}


def test_a_removed_line_of_a_diff_is_told_apart_from_an_added_one() -> None:
    diff = f"--- a/.env\n+++ b/.env\n@@ -1,2 +1,2 @@\n A=1\n-DB_PASSWORD={PASSWORD}\n+DB_PASSWORD={PASSWORD}x\n"
    assert [(use.line, use.removed) for use in secret_uses("x.diff", diff)] == [(5, True), (6, False)]


def test_every_secret_named_key_is_listed_whatever_it_holds() -> None:
    found = secret_uses(".env", "A_TOKEN=\nB_TOKEN=$B\nC_TOKEN=changeme\nD_TOKEN=Harbor!2345Zinc\n")
    assert [use.state for use in found] == [State.EMPTY, State.REFERENCE, State.PLACEHOLDER, State.LITERAL]


def test_the_value_is_sealed_and_its_place_is_told_in_bytes() -> None:
    content = f"# ü\nDB_PASSWORD={PASSWORD}\n".encode()
    (use,) = secret_uses(".env", content, lambda value: f"<{len(value)}>")
    assert use.fingerprint == f"<{len(PASSWORD)}>"
    assert use.span is not None
    assert content[use.span[0] : use.span[1]] == PASSWORD.encode()
    assert PASSWORD not in repr(use)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "a: [1\nDB_PASSWORD: {pw}\n"),
        ("a.json", '{{"a": ,,}}}}\n"password": "{pw}"\n'),
        ("Dockerfile", "ENV X\nENV DB_PASSWORD={pw}\n"),
    ],
)
def test_a_broken_file_is_read_line_by_line_and_reported(path: str, text: str) -> None:
    found = secret_uses(path, text.format(pw=PASSWORD))
    assert State.UNREAD in {use.state for use in found}
    assert (2, LITERAL) in {(use.line, use.state) for use in found}


@pytest.mark.parametrize("text", ["\\", "FROM a\n\\\n", "FROM a\nRUN echo \ud800\n"])
def test_a_dockerfile_may_be_as_broken_as_it_likes(text: str) -> None:
    assert not secret_uses("Dockerfile", text.encode(errors="surrogatepass"))


def test_a_file_in_utf_16_is_read() -> None:
    content = codecs.BOM_UTF16_LE + f"DB_PASSWORD={PASSWORD}\n".encode("utf-16-le")
    assert [use.state for use in secret_uses(".env", content)] == [LITERAL]


def test_binary_and_large_files_are_left_to_the_pattern_layer() -> None:
    assert secret_uses(".env", b"DB_PASSWORD=abc\0def") == ()
    assert secret_uses(".env", b"DB_PASSWORD=Harbor2345\n" * 50_000) == ()


FRAGMENTS = [
    "DB_PASSWORD",
    "token",
    "env:",
    "- ",
    "  ",
    "\n",
    "\t",
    ": ",
    "=",
    "${",
    "}",
    "{{",
    "}}",
    "$(",
    ")",
    "`",
    "'",
    '"',
    "|",
    "<<EOF\n",
    "\nEOF",
    "&a ",
    "*a",
    "<<: *a",
    "[",
    "]",
    "{",
    ",",
    "#",
    "\\",
    "\\\n",
    "://u:",
    "@h",
    "-----BEGIN PRIVATE " + "KEY-----",
    "RUN ",
    "ENV ",
    "FROM a\n",
    "@@ -1 +1 @@\n",
    "+++ b/.env\n",
    "kind: Secret\n",
    "apiVersion: v1\n",
    "data:\n",
    "name: ",
    "value: ",
    "curl -u a:b ",
    "!x ",
    "\ufeff",
    "\x00",
    "\u2028",
    "é",
    ":-",
    "Authorization: Bearer ",
    "--password ",
    "\x85",
    "%",
    "? ",
    "---\n",
    'setPassword("',
    'os.getenv("token", "',
    "<password>",
    '<a name="token" value="',
    '[tokens]\nx = "',
    'variable "password" {\n',
]
NAMES = [
    "Dockerfile",
    "c.yml",
    "c.json",
    ".env",
    "x.sh",
    "x.toml",
    "x.tf",
    "redis.conf",
    ".netrc",
    "x.diff",
    "id_rsa",
    ".env.example",
    "x.py",
    "x.ts",
    "x.xml",
    "x.service",
    "history step 1",
    "x",
]


@given(
    st.sampled_from(NAMES),
    st.one_of(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join), st.text(max_size=200)),
)
@example("c.yml", "&a [*a]")
@example("c.yml", "[" * 100_000)
@example("c.yml", "- " * 100_000)
@example("c.json", "[" * 3000)
@example("c.json", '{"a": ' * 3000)
@example("c.yml", "a: " * 5 + "\ud800")
@example("x.sh", "$(" * 2000)
@example("x.sh", "{{" * 2000)
@example(".env", "mdiff --git a/x b/y\nulti='a\nC=$\"\nA=b")
@example(
    "x.diff",
    "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,4 @@\n+diff --git a/y b/y\n+--- a/y\n++++ b/y\n+@@ -1 +1 @@\n",
)
def test_no_text_makes_the_rule_fail(path: str, text: str) -> None:
    assert all(isinstance(use, SecretUse) for use in secret_uses(path, text))


@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_no_bytes_make_the_rule_fail(path: str, content: bytes) -> None:
    assert all(use.line >= 1 for use in secret_uses(path, content))


@pytest.mark.parametrize("path", ["x.sh", "c.yml", "c.json", ".env", "Dockerfile"])
@pytest.mark.parametrize(
    "piece", ["${", "$(", "{{", "a=", "'", '"', "://a:", "a@", "${a}", "--password ", "&a ", "- ", "[", "<<E ", "`"]
)
def test_a_hostile_line_costs_no_more_than_its_length(path: str, piece: str) -> None:
    before = time.process_time()
    secret_uses(path, (piece * 5000 + "\n") * 3)
    assert time.process_time() - before < 3


@pytest.mark.parametrize("path", ["x.py", "x.ts", "x.xml", "x.tf", "x.service", "nginx.conf"])
@pytest.mark.parametrize(
    "piece",
    ["a.", "token='", 'token: "', "token = a || ", "key->", 'get("token",', "token: A<", "<password ", ' name="token"'],
)
def test_a_hostile_line_of_code_or_settings_costs_no_more_than_its_length(path: str, piece: str) -> None:
    before = time.process_time()
    secret_uses(path, "password" + " " + (piece * (590 // len(piece)) + "\n") * 20 + piece * 5000)
    assert time.process_time() - before < 3


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("history step 3", "|1 DB_PASSWORD={pw} /bin/sh -c make"),
        ("history step 2", "ENV DB_PASSWORD={pw}"),
        ("linux/arm64, environment DB_PASSWORD", "DB_PASSWORD={pw}"),
        ("label api.token", "api.token={random}"),
        ("layer 2 of 5: /app/.env", "DB_PASSWORD={pw}"),
    ],
)
def test_p14_what_an_image_carries_beside_and_in_its_layers_is_read_by_structure(place: str, text: str) -> None:
    assert uses(place, text.format(pw=PASSWORD, random=RANDOM)) == {1: LITERAL}


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("environment GPG_KEY", "GPG_KEY=" + "A035C8C19219BA82" + "1ECEA86B64E628F8D684696D"),
        ("environment PATH", "PATH=/usr/local/bin:/usr/bin"),
        ("environment NGINX_GPGKEY", "NGINX_GPGKEY=" + "573BFD6B3D8FBC64" + "1079A6ABABF5BD827BD9BF62"),
        ("history step 1", "RUN key='" + "859BE8D7C586F538430B" + "19C2467B942D3A79BD29" + "' && gpg --recv $key"),
        ("label org.opencontainers.image.revision", "org.opencontainers.image.revision=" + "0d1f7a9be2" * 4),
    ],
)
def test_what_common_base_images_carry_is_no_secret(place: str, text: str) -> None:
    assert LITERAL not in uses(place, text).values()
