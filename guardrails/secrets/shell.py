"""Commands: what flags, pipes, here-strings and nested commands carry as an argument that belongs in a reference."""

import re
from collections.abc import Iterator, Sequence

from guardrails.secrets import lines
from guardrails.secrets.names import Suspicion, suspicion, word_set
from guardrails.secrets.uses import Hit, State
from guardrails.secrets.values import state_of, unquoted

_TOKEN = re.compile(
    r"""
    (?P<operator>\|\||&&|;;|[;|&()]|<<<|\d?>>?&?|<(?!<)) | (?P<comment>(?<!\S)\#.*)
    | (?P<word>(?:'[^']*' | "(?:\\.|[^"\\])*" | \$\{\{.{0,300}?\}\} | \{\{.{0,300}?\}\}
      | \$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)
      | \$\{(?:[^{}]|\{[^{}]*\})*\} | `[^`]*` | \\. | [^\s'"`;|&<>()\\] | ['"`\\])+)
    """,
    re.VERBOSE,
)
_NESTED = re.compile(r"\$\((?P<body>(?:[^()]|\([^()]*\))*)\)|`(?P<tick>[^`]*)`")
_HEREDOC = re.compile(r"(?<!<)<<-?\s*(?P<quote>['\"]?)(?P<name>[A-Za-z_]\w*)(?P=quote)")
_TARGET = re.compile(r"(?:>>?|\btee\b(?:\s+-\w+)*)\s*(?P<path>[^\s;|&<>]+)")
_SEPARATE = {  # short options that take a password as the next word
    "-p": "docker podman nerdctl helm oras skopeo crane az oc twine sshpass mongo mongosh mongodump mongorestore cqlsh",
    "-a": "redis-cli valkey-cli",
    "-w": "ldapsearch ldapadd ldapmodify ldapwhoami ldapdelete",
    "-P": "zip unzip sqlcmd bcp mosquitto_pub mosquitto_sub ipmitool",
    "-t": "influx",
    "-b": "gh",
}
_ATTACHED = re.compile(r"-p(?P<value>[^\s-].*)")
_TAKES_ATTACHED = word_set(
    """
    mysql mysqldump mysqladmin mysqlimport mariadb mariadb-dump sshpass 7z 7za mysqlsh
    """
)
_USER_AND_PASSWORD = frozenset({"-u", "--user", "-U", "--proxy-user", "--creds", "--dest-creds", "--src-creds"})
_TAKES_USER = frozenset(["curl", "smbclient", "http", "https", "skopeo", "net", "rpcclient", "xh"])
_PLACES = {
    "rabbitmqctl add_user": 2,
    "rabbitmqctl change_password": 2,
    "rabbitmqctl authenticate_user": 2,
    "mysqladmin password": 1,
    "root password": 1,  # mysqladmin -u root password NEW
    "mc alias": 5,  # mc alias set NAME URL KEY SECRET
}
"""Command and word after it -> how many words further the password stands."""
_READS_PASSWORD = frozenset(
    {"--password-stdin", "chpasswd", "--with-token", "--stdin", "--passphrase-fd", "--token-stdin"}
)
_ECHO = re.compile(
    r"""\b(?:echo|printf)\s+(?:-n\s+)?(?P<value>"[^"]*"|'[^']*'|[^\s|]+)\s*\|(?P<reader>[^|]*)""",
)
_FIRST_WORD = re.compile(r"""\s*(?P<value>"[^"]*"|'[^']*'|\S+)""")
_NAMES_SECRET = re.compile(r"(id|src|source|type|env|name|target)=")


def hits(text: str, *, first: int = 1) -> Iterator[Hit]:
    """Read a shell script; heredocs are not looked into here (see `heredocs`)."""
    for number, line in logical_lines(text, first):
        yield from command(line, number)
    for number, line in lines.numbered(text, first):
        if line.lstrip().startswith("#"):
            yield from lines.commented(number, line)
        else:
            yield from lines.hits(_without_comment(line), first=number)


def logical_lines(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Yield physical lines with their numbers; flags split from their value by a continuation are joined in place."""
    numbered = list(lines.numbered(text, first))
    for at, (number, line) in enumerate(numbered):
        stripped = line.rstrip()
        if stripped.endswith("\\") and at + 1 < len(numbered):
            yield number, stripped[:-1]
            tail = stripped[:-1].split()
            if tail and tail[-1].startswith("--"):
                yield number + 1, f"{tail[-1]} {numbered[at + 1][1].strip()}"
        else:
            yield number, line


def command(line: str, number: int, depth: int = 0) -> Iterator[Hit]:
    """Read one command line, and the commands nested in it."""
    if depth > 3:  # noqa: PLR2004 - quoting deeper than this is not written by people
        return
    for words in _commands(line):
        yield from flags(words, [number] * len(words))
        for word in words:
            inner = unquoted(word)
            if inner != word and " " in inner:
                yield from command(inner, number, depth + 1)
            for found in _NESTED.finditer(word):
                yield from command(found["body"] or found["tick"] or "", number, depth + 1)
    yield from _fed(line, number)


def flags(words: Sequence[str], numbers: Sequence[int]) -> Iterator[Hit]:
    """Read an argument vector: long options by their name, short ones by their command; `numbers` are lines."""
    names = {word.rsplit("/", 1)[-1] for word in words}
    for at, (word, number) in enumerate(zip(words, numbers, strict=True)):
        following, line = (words[at + 1], numbers[at + 1]) if at + 1 < len(words) else ("", number)
        found = (
            _long(word, following, line)
            or _short(word, following, names, line)
            or _setting(word, following, names, line)
        )
        if found is not None:
            yield found
    yield from _positional(words, numbers)


def _positional(words: Sequence[str], numbers: Sequence[int]) -> Iterator[Hit]:
    """Read commands that take a password by its place: `rabbitmqctl change_password USER PASSWORD`."""
    plain = [(word, number) for word, number in zip(words, numbers, strict=True) if not word.startswith("-")]
    for at, (word, _) in enumerate(plain):
        name = f"{plain[at - 1][0].rsplit('/', 1)[-1]} {word}" if at else ""
        place = at + _PLACES.get(name, 0)
        if at < place < len(plain):
            value, number = unquoted(plain[place][0]), plain[place][1]
            yield Hit(number, word, "argument", state_of(value, "password"), value)


def heredocs(text: str, first: int = 1) -> Iterator[tuple[str, int, str]]:
    """Yield every heredoc: where it is written to (empty where unknown), its first line's number, its body."""
    numbered = text.splitlines()
    at = 0
    while at < len(numbered):
        found = _HEREDOC.search(numbered[at])
        if found is not None:
            end = next((i for i in range(at + 1, len(numbered)) if numbered[i].strip() == found["name"]), len(numbered))
            target = _TARGET.search(numbered[at])
            yield (unquoted(target["path"]) if target else ""), first + at + 1, "\n".join(numbered[at + 1 : end])
            at = end
        at += 1


def _commands(line: str) -> Iterator[list[str]]:
    words: list[str] = []
    for found in _TOKEN.finditer(line[: lines.LONGEST_LINE]):
        if found["comment"]:
            break
        if found["operator"] and found["operator"] != "&":
            yield words
            words = []
        elif found["word"]:
            words.append(found["word"])
    yield words


def _without_comment(line: str) -> str:
    comment = next((found for found in _TOKEN.finditer(line) if found["comment"]), None)
    return line[: comment.start()] if comment else line


def _long(word: str, following: str, number: int) -> Hit | None:
    if not re.fullmatch(r"--?[A-Za-z][\w-]*", word) or len(word.lstrip("-")) < 3 or following.startswith("-"):  # noqa: PLR2004
        return None
    name = word.lstrip("-")
    value = unquoted(following)
    named = suspicion(name) is Suspicion.STRONG or name in {"passin", "passout"}
    if not value or not named or _NAMES_SECRET.match(value):
        return None
    if name in {"pass", "passin", "passout"} and (scheme := re.match(r"(pass|env|file|fd|stdin):?", value)):
        if scheme[1] != "pass":
            return None
        value = value.removeprefix("pass:")
    if name in {"secret", "credential"} and re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", value):
        return None  # docker service create --secret db_password
    return lines.hit(number, "pass" if name.startswith("pass") else name, "option", value)


def _short(word: str, following: str, names: set[str], number: int) -> Hit | None:
    value = None
    if word in _SEPARATE and names.intersection(_SEPARATE[word].split()) and _logs_in(word, names):
        value = following
    elif names & _TAKES_ATTACHED and (attached := _ATTACHED.fullmatch(word)):
        value = attached["value"]
    elif word in _USER_AND_PASSWORD and names & _TAKES_USER:
        value = re.split("[:%]", unquoted(following), maxsplit=1)[1] if re.search("[:%]", following) else None
    if not value or value.startswith("-"):
        return None
    return Hit(number, word[:2], "option", state_of(value, "password"), unquoted(value))


def _logs_in(word: str, names: set[str]) -> bool:
    """`-p` of docker is a password only in `docker login`; elsewhere it publishes a port."""
    tools = {"docker", "podman", "nerdctl", "helm", "oras", "skopeo", "crane", "az", "oc"}
    if word == "-b":
        return {"gh", "secret"} <= names
    return not names & tools or "login" in names


def _setting(word: str, following: str, names: set[str], number: int) -> Hit | None:
    """`npm config set KEY VALUE`, `aws configure set KEY VALUE`."""
    if "set" not in names or word.startswith("-") or "=" in word or ("_" not in word.strip("_/") and ":" not in word):
        return None
    return lines.hit(number, word, "option", following) if following and not following.startswith("-") else None


def _fed(line: str, number: int) -> Iterator[Hit]:
    """Read what is echoed into a command that reads a password, or handed to it as a here-string."""
    for value, reader in (*_piped(line), *_handed(line)):
        if not _READS_PASSWORD.intersection(reader.split()):
            continue
        secret = unquoted(value)
        if "chpasswd" in reader:
            secret = secret.partition(":")[2]
        state = state_of(secret, "password")
        if state is not State.EMPTY:
            yield Hit(number, "standard input", "piped", state, secret)


def _piped(line: str) -> Iterator[tuple[str, str]]:
    for found in _ECHO.finditer(line[: lines.LONGEST_LINE]):
        yield found["value"], found["reader"]


def _handed(line: str) -> Iterator[tuple[str, str]]:
    reader, here, rest = line[: lines.LONGEST_LINE].partition("<<<")
    found = _FIRST_WORD.match(rest) if here else None
    if found is not None:
        yield found["value"], reader
