"""Spoilt texts: a seed bent, cut, repeated and mixed with what breaks readers. The same number gives the same text."""

import random
from collections.abc import Callable, Sequence

LARGEST = 60_000
TOKENS: tuple[bytes, ...] = (
    *(b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\x1b[2J", b"\x1b]8;;x\x07"),
    *("\u202e\u2066\u200b\u00ad\u2028\u0085\ufeff\U000e0041".encode(), "\u0130\u0131\u0301\u017f\u0663\uff11".encode()),
    *(b"9" * 5000, b"-1", b"1e999", b"NaN", b"-Infinity", b"0x" + b"f" * 400, b"1" * 400 + b".5", b"-0", b"1_000"),
    *(b"[" * 3000, b"{" * 3000, b'{"a":' * 3000, b"(" * 2000, b"<a>" * 3000, b"- " * 2000, b"  " * 2000),
    *(b"null", b"true", b"[]", b"{}", b'""', b"''", b"~", b"!!python/object/apply:os.system [id]", b"!!binary x"),
    *(b"&a [*a, *a]", b"*a", b"&a", b"<<: *a", b"<<: [*a, *a]", b"? ", b"? [a]: b", b"%YAML 9.9", b"---\n", b"...\n"),
    *(b"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n",),
    *(b"2026-99-99", b"12:99:99", b"0o9", b".inf", b".nan", b"1:1:1:1", b"=", b"<<", b"!!timestamp 0", b"!!int x"),
    *(b"${A:-${B:-", b"$" * 500, b"${", b"$${", b"`", b'"', b"'", b"\\", b"\\\n", b"<<EOF\n", b"#", b"@@ -1 +1 @@"),
    *(b'<!ENTITY a "b">', b'<!DOCTYPE x [<!ENTITY a "&a;">]>', b"&a;", b"<![CDATA[", b"<!--", b"<?xml version='9'?>"),
    *(b"diff --git a/x b/y\n", b"--- /dev/null\n+++ b/", b"Binary files differ\n", b"\\ No newline at end of file\n"),
    *(b"@everyone", b"<!channel>", b"<@U0HANA>", b"fixes #1", b"](http://evil.example)", b"<img src=x>", b"a" * 20_000),
    *(b"../" * 50, b"/" * 300, b"--help", b"-rf", b";id", b"|id", b"$(id)", b" " * 9000, b"\n" * 9000, b"\t"),
)
"""What has broken readers before."""
Bend = Callable[[bytes, random.Random], bytes]


def spoilt(seeds: Sequence[bytes], number: int) -> bytes:
    """Bend one of the seeds a few times."""
    chance = random.Random(number)  # noqa: S311 - the same number must give the same text
    text = chance.choice(seeds)
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6, 12))):
        text = chance.choice(_BENDS)(text, chance)[:LARGEST]
    return text


def _place(text: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(text))


def _inserted(text: bytes, chance: random.Random) -> bytes:
    at = _place(text, chance)
    return text[:at] + chance.choice(TOKENS) + text[at:]


def _replaced(text: bytes, chance: random.Random) -> bytes:
    """Put something wicked where a value stands."""
    words = text.split(b" ") if chance.random() < 0.5 else text.split(b'"')
    words[chance.randrange(len(words))] = chance.choice(TOKENS)
    return (b" " if b" " in text else b'"').join(words)


def _cut(text: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_place(text, chance), _place(text, chance)))
    return text[:start] + text[end:]


def _ended(text: bytes, chance: random.Random) -> bytes:
    return text[: _place(text, chance)]


def _repeated(text: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_place(text, chance), _place(text, chance)))
    return text[:start] + text[start:end] * chance.choice((2, 3, 50)) + text[end:]


def _flipped(text: bytes, chance: random.Random) -> bytes:
    if not text:
        return text
    at = chance.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << chance.randrange(8))]) + text[at + 1 :]


def _swapped(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _nested(text: bytes, chance: random.Random) -> bytes:
    opening, closing = chance.choice(((b"[", b"]"), (b"{", b"}"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b"(", b")")))
    deep = chance.choice((2, 60, 2500))
    return opening * deep + text[:2000] + closing * deep


_BENDS: tuple[Bend, ...] = (
    _inserted,
    _inserted,
    _replaced,
    _replaced,
    _cut,
    _ended,
    _repeated,
    _flipped,
    _swapped,
    _nested,
)
