"""Render the templates in memory. Every value is derived from a hash and was never issued by anybody."""

import base64
import hashlib
import json
import re
import string
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parent
DIGITS, LOWER, UPPER = string.digits, string.ascii_lowercase, string.ascii_uppercase
ALPHANUMERIC = DIGITS + UPPER + LOWER
URL_SAFE = ALPHANUMERIC + "-_"
_MARK = re.compile(r"\s*\u2039(?P<label>[SVNQR]):[^\u203a]*\u203a\s*$")
_PLACEHOLDER = re.compile(r"\{\{(?P<kind>[a-z0-9]+)(?::(?P<argument>[^{}]*))?\}\}")


@dataclass(frozen=True, slots=True)
class Sample:
    """One rendered file and its labels by line.

    S a credential, V a placeholder under a secret's key, N a hard negative, R a
    credential on the removed side of a diff, Q a judgement call that is not
    scored; unlabelled lines are negatives.
    """

    path: str
    content: bytes
    labels: dict[int, str]


class _Source:
    """A stream of characters that is the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def octets(self, count: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(f"{self._seed}|{self._count}".encode()).digest(count)

    def text(self, count: int, alphabet: str = ALPHANUMERIC) -> str:
        return "".join(alphabet[byte % len(alphabet)] for byte in self.octets(count))


def samples(corpus: str) -> Iterator[Sample]:
    """Render every template of a corpus (`dev`, `holdout`, `field`, `unseen`); `.tpl` keeps tools off Python files."""
    root = ROOT / corpus
    for template in sorted(path for path in root.rglob("*") if path.is_file()):
        yield _rendered(template.relative_to(root).as_posix().removesuffix(".tpl"), template.read_text("utf-8"))


def _rendered(path: str, template: str) -> Sample:
    labels: dict[int, str] = {}
    rendered: list[str] = []
    for number, line in enumerate(template.split("\n"), 1):
        mark = _MARK.search(line)
        if mark is not None:
            labels[number] = mark["label"]
            line = line[: mark.start()]  # noqa: PLW2901 - the mark is no part of the line
        source = _Source(f"{path}|{number}")
        rendered.append(_PLACEHOLDER.sub(partial(_value, source), line))
    return Sample(path, "\n".join(rendered).encode(), labels)


def _value(source: _Source, found: re.Match[str]) -> str:
    kind, argument = found["kind"], found["argument"] or ""
    if kind in _SIZED:
        return source.text(int(argument or {"sha1": 40, "sha256": 64}.get(kind, 32)), _SIZED[kind])
    if kind in _TOKENS:
        return "".join(part if isinstance(part, str) else source.text(*part) for part in _TOKENS[kind])
    return _special(kind, argument, source) if kind in _SPECIAL else found[0]


_SIZED = {
    "hex": "0123456789abcdef",
    "an": ALPHANUMERIC,
    "lower": LOWER + DIGITS,
    "sym": ALPHANUMERIC + "!@%^*_-+=.",
    "num": DIGITS,
    "sha1": "0123456789abcdef",
    "sha256": "0123456789abcdef",
    "pemb": ALPHANUMERIC + "+/",
}
_TOKENS: dict[str, tuple[str | tuple[int, str], ...]] = {
    "ghpat": ("github", "_pat_", (22, ALPHANUMERIC), "_", (59, ALPHANUMERIC)),
    "akia": ("AK", "IA", (16, UPPER + "234567")),
    "awssecret": ((40, ALPHANUMERIC + "+/"),),
    "xoxb": ("xo", "xb-", (12, "123456789"), "-", (13, "123456789"), "-", (24, ALPHANUMERIC)),
    "xapp": ("xa", "pp-1-A0", (9, UPPER + DIGITS), "-", (13, "123456789"), "-", (64, "0123456789abcdef")),
    "slackhook": ("https://hooks.sl", "ack.com/services/T", (8, UPPER), "/B", (10, UPPER), "/", (24, ALPHANUMERIC)),
    "stripe": ("sk_", "live_", (24, ALPHANUMERIC)),
    "glpat": ("gl", "pat-", (20, ALPHANUMERIC)),
    "sendgrid": ("SG", ".", (22, ALPHANUMERIC), ".", (43, ALPHANUMERIC)),
    "telegram": ((10, "123456789"), ":AA", (33, URL_SAFE)),
    "hf": ("hf", "_", (34, UPPER + LOWER)),
    "dckr": ("dckr", "_pat_", (27, URL_SAFE)),
}
_SPECIAL = frozenset(
    {"ghp", "npm", "pw", "human", "phrase", "jwt", "b64", "b64of", "b64txt", "dockerauth", "dockercfg", "uuid", "pem"}
)


def github_token(seed: str = "token") -> str:
    """Make a token that was never issued, with the checksum that scanners verify."""
    return _checksummed("ghp_", _Source(seed))


def _special(kind: str, argument: str, source: _Source) -> str:
    if kind in {"ghp", "npm"}:
        return _checksummed(kind + "_", source)
    if kind in _SPOKEN:
        return _SPOKEN[kind](source)
    if kind == "jwt":
        return ".".join(
            _url_safe(part) for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"deploy"}', source.octets(32))
        )
    if kind == "uuid":
        return "-".join(source.text(size, "0123456789abcdef") for size in (8, 4, 4, 4, 12))
    if kind == "pem":
        return (
            "\\n".join(source.text(64, _SIZED["pemb"]) for _ in range(3))
            if argument.endswith("esc")
            else source.text(64)
        )
    return base64.b64encode(_encoded(kind, argument, source)).decode()


def _encoded(kind: str, argument: str, source: _Source) -> bytes:
    if kind == "b64":
        return source.octets(int(argument))
    if kind == "b64of":
        return _password(source).encode()
    if kind == "b64txt":
        return argument.encode()
    login = b"ci-bot:" + source.text(24).encode()
    if kind == "dockerauth":
        return login
    return json.dumps({"auths": {"ghcr.io": {"auth": base64.b64encode(login).decode()}}}).encode()


def _password(source: _Source) -> str:
    """Make one as people do: a word, a sign, digits, a word."""
    first, second = source.octets(2)
    word = ("Falcon", "Harbor", "Meadow", "Tundra", "Cobalt")[first % 5]
    tail = ("river", "Lamp", "oakS", "Zinc")[second % 4]
    return word + "!#@%"[first % 4] + source.text(4, "23456789") + tail


def _human(source: _Source) -> str:
    """Make one as people do who may choose freely: a plain word and a number."""
    first, second = source.octets(2)
    return ("tulip", "oakridge", "Lisbon", "penguin", "Winterset")[first % 5] + str(10 + second % 90)


def _phrase(source: _Source) -> str:
    """Make a passphrase of plain words."""
    words = ("violet", "tractor", "ninety", "copper", "saddle", "orbit", "walnut", "ferry")
    return "-".join(words[octet % 8] for octet in source.octets(4))


_SPOKEN = {"pw": _password, "human": _human, "phrase": _phrase}


def _checksummed(prefix: str, source: _Source) -> str:
    """GitHub and npm tokens end with the CRC32 of their body; scanners verify it."""
    body = source.text(30)
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHANUMERIC[digit] + digits
    return prefix + body + digits


def _url_safe(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
