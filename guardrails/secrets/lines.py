"""What a single line gives away, whatever the format around it: pairs, URLs, headers, key blocks, tokens."""

import re
from collections.abc import Collection, Iterable, Iterator

from guardrails.secrets.names import Suspicion, is_public, suspicion
from guardrails.secrets.uses import Hit, State
from guardrails.secrets.values import is_prose, machine_made, mixed, names_variable, state_of, unquoted

LONGEST_LINE = 8_000
_UNIT = (
    r"""(?:\$\{\{.{0,300}?\}\}|\{\{.{0,300}?\}\}|\$\$?\((?:[^()]|\([^()]*\))*\)|\$\{(?:[^{}]|\{[^{}]*\})*\}|`[^`]*`"""
)
_CALL = r"[A-Za-z_][\w.]*\([^()]*\)"
_WORD = _UNIT + r"""|'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s&;,"'`<>()|\\]){0,1000}"""
_PAIR = re.compile(
    rf"""(?<![\w$.@-])(?<!\$\{{)(?P<key>(?://[\w./-]*:)?[A-Za-z_-][\w.-]*)(?P<sign>\s?[:?+]?=(?![=~])\s?)(?=(?P<value>{_CALL}|{_WORD}))""",
)
_QUOTED_PAIR = re.compile(
    r"""(?:\\?(?P<around>["'])(?P<quoted>[A-Za-z_][\w.-]*)\\?(?P=around)\s*|(?<![\w$.'"-])(?P<plain>[A-Za-z_][\w.-]*))"""
    r""":\s*\\?(?P<quote>["'])(?P<value>(?:(?!\\?(?P=quote)).)*)\\?(?P=quote)""",
)
_USERINFO = re.compile(
    rf"""\b[A-Za-z][A-Za-z0-9+.-]*://(?P<user>[^\s:/@'"`<>]*):(?P<value>{_UNIT}|(?!\$\$?[{{(]|\{{\{{)[^\s/'"`<>])+)@(?=[\w.$%\[{{-])""",
)
_TOKEN_AS_USER = re.compile(r"""\bhttps?://(?P<value>[^\s:/@'"`<>]{16,})@(?![\w.-]*sentry)[\w.-]+""")
_AUTHORIZATION = re.compile(
    rf"""(?i)\bauthorization\\?["']?\s*[:=,]?\s*\\?["']?(?:bearer|basic|token|apikey|digest|negotiate)\s+(?P<value>{_WORD})""",
)
_BEARER = re.compile(rf"""\b(?:Bearer|Basic)\s+(?P<value>{_WORD})""")
_HEADER = re.compile(
    rf"""(?:-H|--header|proxy_set_header|add_header|set_header|header_up|RequestHeader\s+set)[\s=]+["']?"""
    rf"""(?P<key>[A-Za-z][\w-]*)\s*:?\s+(?P<value>{_WORD})""",
)
_KEY_BLOCK = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
_SQL = re.compile(
    r"""(?i)\b(?:(?<![-\w.])password|identified\s+(?:with\s+\w+\s+)?by)\s+(?P<quote>['"])(?P<value>[^'"]*)(?P=quote)"""
)
_SECURE_STRING = re.compile(r"""ConvertTo-SecureString\s+(?:-String\s+)?(?P<value>"[^"]*"|'[^']*')""")
_PUBLIC_FINGERPRINT = re.compile(r"(?:0x)?[0-9A-F]{40}")
_OF_DEFAULT = "default"
_DEFAULT = re.compile(r"\$\{(?P<key>[A-Za-z_]\w*):?[-=](?P<value>[^{}]*)\}")
_TOKEN = re.compile(
    r"""(?<![A-Za-z0-9])(?:
    gh[pousr]_[A-Za-z0-9]{36} | github_pat_\w{60,} | npm_[A-Za-z0-9]{36} | A(?:KIA|SIA)[A-Z2-7]{16} | glpat-[\w-]{20}
    | xox[abeprs]-[\w-]{20,} | xapp-\d-[\w-]{40,} | https://hooks\.slack\.com/(?:services|workflows)/[\w/]{30,}
    | [sr]k_live_[A-Za-z0-9]{20,} | sk-ant-[\w-]{40,} | sk-(?:proj|svcacct)-[\w-]{40,} | AIza[\w-]{35}
    | SG\.[\w-]{20,}\.[\w-]{40,}
    | \d{8,10}:AA[\w-]{33} | do[opr]_v1_[0-9a-f]{64} | hf_[A-Za-z]{34} | dckr_pat_[\w-]{27} | hv[sb]\.[\w-]{60,}
    | pypi-AgE[\w-]{60,} | eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,} | AGE-SECRET-KEY-1[0-9A-Z]{58}
    | https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]{60,}
    )""",
    re.VERBOSE,
)


def hit(line: int, key: str, kind: str, value: str, *, config: bool = False) -> Hit | None:
    """Judge one key and value; None where the key is not a secret's or the value not a weak key's credential.

    `config` says that the key belongs to a tree of settings, where `token: ARGOCD_TOKEN` names a variable.
    """
    strength = suspicion(key)
    if strength is Suspicion.NONE:
        return Hit(line, key, "public", State.REFERENCE, unquoted(value)) if is_public(key) else None
    value = unquoted(value)
    state = state_of(value, key)
    if strength is Suspicion.WEAK and not (state is State.LITERAL and _made(value.removeprefix("base64:"))):
        return None
    if (config and names_variable(value)) or is_prose(value):
        state = State.REFERENCE
    return Hit(line, key, kind, state, value)


def _made(value: str) -> bool:
    """Tell what was drawn at random from the fingerprint of a public key, as it stands in many images."""
    return machine_made(value) and not _PUBLIC_FINGERPRINT.fullmatch(value)


def entry(line: int, key: str, value: str) -> Hit | None:
    """Judge an entry below a plural such as `tokens`: only what looks machine-made is a credential there."""
    value = unquoted(value)
    literal = machine_made(value) and state_of(value, key) is State.LITERAL
    return Hit(line, key, "setting", State.LITERAL, value) if literal else None


def hits(text: str, *, first: int = 1) -> Iterator[Hit]:
    """Apply every rule for single lines to a text whose first line has the given number."""
    for number, line in numbered(text, first):
        yield from _line_hits(number, line)


def numbered(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers; what is longer than people write is left to the pattern layer."""
    return ((number, line[:LONGEST_LINE]) for number, line in enumerate(text.splitlines(), first))


def pairs(text: str, line: int, kind: str = "assignment") -> Iterator[Hit]:
    """Find every `key=value` and `"key": "value"` of a line whose key is a secret's."""
    found = [
        (pair["key"].lstrip("-"), pair["value"])
        for pair in _PAIR.finditer(text)
        if not re.fullmatch(_CALL, pair["value"]) and not _asks_for(text, pair.start())
    ]
    found += [(pair["quoted"] or pair["plain"], pair["value"]) for pair in _QUOTED_PAIR.finditer(text)]
    for key, value in found:
        one = hit(line, key, kind, value.rstrip(";,"))
        if one is not None:
            yield one


def _asks_for(text: str, at: int) -> bool:
    """Tell a pair that is an argument inside a template: `{{ lookup('vault', 'secret=ops:password') }}`."""
    return text[at - 1 : at] in {"'", '"'} and "{{" in text[:at] and "}}" not in text[text.rfind("{{", 0, at) : at]


def commented(number: int, line: str) -> Iterator[Hit]:
    """Find credentials in a comment: only literals that cannot be prose count there."""
    text = line.lstrip(" \t#;/")
    pair = re.fullmatch(r"(?P<key>[\w.-]+)\s*(?:[:=]\s*|\s)(?P<value>\S+)", text.strip())
    found = [*_line_hits(number, text)]
    if pair is not None and (one := hit(number, pair["key"], "commented-out", pair["value"])):
        found.append(one)
    for one in found:
        if one.state is State.LITERAL and (mixed(one.value) or one.kind in {"known-token", "private-key"}):
            yield Hit(number, one.key, "commented-out", one.state, one.value)


def unkeyed(number: int, line: str) -> Iterator[Hit]:
    """Find what needs no key to be told: tokens of known shape, addresses with a password, headers."""
    yield from _shapes(number, line)
    yield from _addresses(number, line)
    yield from _headers(number, line)


def _line_hits(number: int, line: str) -> Iterator[Hit]:
    yield from unkeyed(number, line)
    yield from _keyed(number, line)


def _shapes(number: int, line: str) -> Iterator[Hit]:
    for found in _KEY_BLOCK.finditer(line):
        yield Hit(number, "private key", "private-key", State.LITERAL, found[0])
    for found in _TOKEN.finditer(line):
        if not re.search(r"(.)\1{7,}", found[0]):
            yield Hit(number, "token", "known-token", State.LITERAL, found[0])


def _addresses(number: int, line: str) -> Iterator[Hit]:
    for found in _USERINFO.finditer(line):
        yield _valued(number, "URL password", "url-password", found["value"])
    for found in _TOKEN_AS_USER.finditer(line):
        if machine_made(found["value"]) and state_of(found["value"]) is State.LITERAL:
            yield Hit(number, "URL user", "url-token", State.LITERAL, found["value"])


def _headers(number: int, line: str) -> Iterator[Hit]:
    for found in _AUTHORIZATION.finditer(line):
        yield _valued(number, "Authorization", "auth-header", found["value"])
    for found in _BEARER.finditer(line):
        if machine_made(unquoted(found["value"])):
            yield _valued(number, "Authorization", "auth-header", found["value"])
    for found in _HEADER.finditer(line):
        one = hit(number, found["key"], "auth-header", found["value"].rstrip(";"))
        if one is not None:
            yield one


def _keyed(number: int, line: str) -> Iterator[Hit]:
    yield from pairs(line, number)
    for pattern, key in ((_SQL, "SQL password"), (_SECURE_STRING, "secure string")):
        for found in pattern.finditer(line):
            yield _valued(number, key, "statement", found["value"])
    for found in _DEFAULT.finditer(line):
        one = hit(number, found["key"], _OF_DEFAULT, found["value"])
        if one is not None:
            yield one


def holds_known_token(value: str) -> bool:
    """Tell whether a provider's token stands anywhere in a value."""
    return bool(_TOKEN.search(value))


def _valued(number: int, key: str, kind: str, value: str) -> Hit:
    value = unquoted(value)
    return Hit(number, key, kind, state_of(value, "password"), value)


def distinct(found: Iterable[Hit]) -> tuple[Hit, ...]:
    """Keep one hit per line and value, the first that was found; a default is told by the variable it stands in for."""
    seen: dict[tuple[int, str], Hit] = {}
    for one in found:
        seen.setdefault((one.line, one.value), one)
    defaults = {(one.line, one.key, one.value, one.state) for one in seen.values() if one.kind == _OF_DEFAULT}
    kept = (one for one in seen.values() if not _told_by_default(one, defaults))
    return tuple(sorted(kept, key=lambda one: one.line))


def _told_by_default(one: Hit, defaults: Collection[tuple[int, str, str, State]]) -> bool:
    whole = _DEFAULT.fullmatch(one.value)
    return whole is not None and (one.line, whole["key"], unquoted(whole["value"]), one.state) in defaults
