"""What a secret-named key holds: a reference, nothing, a placeholder, or a literal."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from guardrails.secrets.names import Suspicion, suspicion, word_set, words
from guardrails.secrets.uses import State

_EMPTY = frozenset({"", "null", "~", "none", "nil", "undefined", "[]", "{}", "!", "!!", "*"})
"""`!` and `*` lock an account."""
_SWITCH = word_set(
    """
    true false yes no on off enabled disabled required optional always never inherit read write auto default
    """
)
_QUANTITY = re.compile(r"[\d.]+\s*(ms|s|sec|m|min|h|d|w|k|kb|mb|gb|ki|mi|gi|%)", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"""
    (vault|op|ssm|sm|secret|doppler|azurekeyvault|bws|keyring|awskms|kms|env|file|aws-sm|aws-ssm|gcp-sm|gcpkms)://?\S
    | ref\+\w+:// | arn:aws | vault:\S | env:[A-Za-z_] | projects/[\w-]+/secrets/ | \{\{?resolve:
    | @Microsoft\.KeyVault\(
    | ENC\[ | ENC\( | \{cipher\} | \$ANSIBLE_VAULT; | -----BEGIN\ (PGP|AGE)\ | !(vault|Ref|Sub|GetAtt|secret|env)\b
    | sops: | age1[a-z0-9]{20} | Ag[A-Z][A-Za-z0-9+/=]{80}
    """,
    re.VERBOSE,
)
_PATH = re.compile(r"(?:[\w.-]+:(?=/))?(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?:[\w.@%{}$ -]*[/\\])*[\w.@%{}$ -]*")
_PLAIN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s@]*", re.IGNORECASE)
_SENTRY = re.compile(r"https://\w+@[\w.-]*sentry[\w.-]*/\d+")
"""Where a client reports its errors; it is written into every web page."""
_FILE_ARGUMENT = re.compile(r"@(?:-|[\w./~-]*[./][\w./-]+)")
"""`@token.txt`: the content of a file, as curl and vault take it."""
_BARE_REFERENCE = re.compile(
    r"""
    \$\$?\(\((?:[^()]|\([^()]*\))*\)\) | \$\$?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\) | `[^`]*`
    | (?<![A-Za-z0-9!$])\$\$?(?:env:|script:)?[A-Za-z_]\w* | (?<![A-Za-z0-9!$])\$\$?[0-9@*?!\#](?!\w)
    | (?<![\w%])%[A-Za-z_]\w*%(?!\w) | %\([A-Za-z_]\w*\)s
    | <%=?.{0,200}?%> | \A<<\w+>>\Z | \#\{[^}]{0,200}\}\#? | __[A-Z][A-Z0-9_]{0,100}?__
    | \bprocess\.env\.\w+ | \bENV\[[^]]{0,200}\] | \bos\.environ\S*
    | \A:'?[a-z_]\w*'?\Z | @@\w+@@ | \A@[A-Z_]+@\Z | (?<!\w)%[sdq]\b
    """,
    re.VERBOSE,
)
_ENCRYPTED = re.compile(
    r"ENC\[|ENC\(|\{cipher\}|\$ANSIBLE_VAULT;|-----BEGIN (PGP|AGE) |!vault\b|Ag[A-Z][A-Za-z0-9+/=]{80}"
)
_RESOLVERS = word_set(
    """
    env file secret secrets sys vault ssm sm aws gcp azure base64 consul opaque ref
    """
)
_OPERATOR = re.compile(r"[!#]?[A-Za-z_][\w.-]*(?:\[[^\]]*\])?(?P<operator>:?[-=+?]|:)(?P<rest>.*)", re.DOTALL)
_TEMPLATE_DEFAULT = re.compile(r"""(?:\bdefault\s*\(?\s*|\|\|\s*)(?P<quote>["'])(?P<default>.*?)(?P=quote)""")
_LISTED_DEFAULT = re.compile(r"""[\w:./~-]+\s*,\s*(?P<quote>["'])(?P<default>.*?)(?P=quote)\s*""")
_SHAPED_PLACEHOLDER = re.compile(
    r"<.*>|\[[^\]]*\]|(.)\1{2,}|.*(?:x{5,}|X{5,}|\*{3,}|\.{3,}|…|0{8,}|_{4,}).*|[a-z]+-?\.\.\.",
    re.DOTALL,
)
_PLACEHOLDER_WORDS = word_set(
    """
    your changeme change replace replaceme todo fixme tbd example sample dummy placeholder fake redacted insert
    enter paste fill goes setme changethis mysecret mypassword foobar foobared xxx yyy abc censored hidden
    supersecret
    """
)
_WEAK = word_set(
    """
    password passw p@ssw0rd pa$$word passwd pass pwd secret token key postgres postgresql mysql mariadb mongo
    redis rabbitmq admin administrator root user guest test testing tester dev demo local changeit letmein
    default qwerty welcome minio minioadmin grafana nextcloud wordpress example foo bar baz app sa api-key
    apikey s3cr3t string
    """
)
_PASSWORD_WORDS = word_set(
    """
    password passwd pass pw pwd pswd pin passcode passphrase salt pgpassword requirepass
    """
)
_NAME_OF_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_MACHINE = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*:-]{16,}")
_PROSE = word_set(
    """
    the a an of to is are be in for your this that must and or use with from not required see
    """
)
LONGEST_VALUE = 4_000
_LEFTOVER_LIMIT = 12
_LONG_NUMBER = 12
_NUMBER = re.compile(r"[\d._,-]+")


def unquoted(text: str) -> str:
    """Strip blanks and one pair of surrounding quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def state_of(value: str, key: str = "password", *, depth: int = 0) -> State:
    """Judge a whole value; `${X:-literal}` is judged by the literal."""
    value = unquoted(value[:LONGEST_VALUE])
    plain = _plain_state(value, key)
    if plain is not None:
        return plain
    if depth < 4:  # noqa: PLR2004 - deeper nested defaults are nobody's habit, but an attacker's
        rest, defaults = _without_references(value)
        if rest != value:
            return max((state_of(d, key, depth=depth + 1) for d in defaults), default=_leftover(rest, key), key=_WORSE)
    return State.PLACEHOLDER if is_placeholder(value, key) else State.LITERAL


_WORSE = list(State).index


def _plain_state(value: str, key: str) -> State | None:
    if value.lower() in _EMPTY:
        return State.EMPTY
    if value.lower() in _SWITCH or _QUANTITY.fullmatch(value) or _ELSEWHERE.match(value):
        return State.REFERENCE
    if _NUMBER.fullmatch(value) and len(value) < _LONG_NUMBER and not _PASSWORD_WORDS.intersection(words(key)):
        return State.REFERENCE
    return State.REFERENCE if _is_location(value) else None


def _is_location(value: str) -> bool:
    if _FILE_ARGUMENT.fullmatch(value) or _SENTRY.fullmatch(value):
        return True
    if _PATH.fullmatch(value):
        return not any(machine_made(part) for part in re.split(r"[/\\]", value))
    url = _PLAIN_URL.fullmatch(value)
    return bool(url) and "=" not in value


def _leftover(rest: str, key: str) -> State:
    rest = re.sub(r"(?i)^(?:bearer|basic|token)\s+", "", rest).strip()
    long = len(rest) >= _LEFTOVER_LIMIT and mixed(rest) and not re.search(r"\s", rest)
    return State.LITERAL if long and not is_placeholder(rest, key) else State.REFERENCE


def _without_references(value: str) -> tuple[str, list[str]]:
    """Cut every reference out of a value and collect the literal defaults they carry."""
    defaults: list[str] = []
    kept: list[str] = []
    at = 0
    for start, end, body in _braced(value):
        kept.append(value[at:start])
        defaults.extend(_defaults(body))
        at = end
    kept.append(value[at:])
    return _BARE_REFERENCE.sub("", "".join(kept)), defaults


def _braced(value: str) -> Iterator[tuple[int, int, str]]:
    """Find `${...}`, `${{...}}`, `{{...}}` with balanced braces."""
    at = 0
    while (opening := re.compile(r"\$\{|\{\{").search(value, at)) is not None:
        end = _closing(value, opening.end())
        if end is None:
            return
        yield opening.start(), end, value[opening.end() : end - 1]
        at = end


def _closing(value: str, at: int) -> int | None:
    depth = 2 if value[at - 2 : at] == "{{" else 1
    for position in range(at, len(value)):
        depth += {"{": 1, "}": -1}.get(value[position], 0)
        if depth == 0:
            return position + 1
    return None


def _defaults(body: str) -> Iterator[str]:
    if body.startswith("{") or "|" in body or " default " in body:
        yield from (found["default"] for found in _TEMPLATE_DEFAULT.finditer(body))
        return
    listed = _LISTED_DEFAULT.fullmatch(body)
    if listed is not None:
        yield listed["default"]
        return
    found = _OPERATOR.fullmatch(body.strip())
    if found is None or found["operator"].endswith("?"):
        return
    resolved = body.partition(":")[0] in _RESOLVERS or re.fullmatch(r"\s*-?\d+(:-?\d+)?", found["rest"])
    if not (found["operator"] == ":" and resolved):
        yield found["rest"]


def is_settled(value: str) -> bool:
    """Tell a value that is encrypted, or nothing but references."""
    if _ENCRYPTED.match(value):
        return True
    rest, defaults = _without_references(value)
    return rest != value and not rest.strip() and not any(defaults)


def is_placeholder(value: str, key: str = "") -> bool:
    """Tell a value that stands for one still to be chosen, or a default that everybody knows."""
    low = value.lower()
    if _SHAPED_PLACEHOLDER.fullmatch(value) or low in _WEAK or low.rstrip("0123456789!") in _WEAK:
        return True
    parts = words(value)
    if parts and parts == words(key):
        return True
    return not machine_made(value) and bool(_PLACEHOLDER_WORDS.intersection(parts))


def is_prose(value: str) -> bool:
    """Tell a sentence about a secret from a secret with blanks in it."""
    parts = value.lower().split()
    numbered = any(map(str.isdigit, value)) and value[-1:] not in {".", "!", "?"}
    return len(parts) > 2 and bool(_PROSE.intersection(parts)) and not numbered  # noqa: PLR2004


def names_variable(value: str) -> bool:
    """Tell `ARGOCD_TOKEN`, the name of a variable, from the value of one."""
    return bool(_NAME_OF_VARIABLE.fullmatch(value)) and suspicion(value) is Suspicion.STRONG


def mixed(value: str) -> bool:
    """Tell whether letters and digits (or symbols) meet in one word of eight characters or more."""
    return (
        len(value) >= 8  # noqa: PLR2004
        and bool(re.search(r"[A-Za-z]", value))
        and bool(re.search(r"[0-9!@#$%^*+=]", value))
        and not re.search(r"\s", value)
    )


def machine_made(value: str) -> bool:
    """Tell whether a value looks drawn at random: long, dense, and changing its kind of character all the time."""
    if not _MACHINE.fullmatch(value) or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    kinds = [_kind(character) for character in re.sub(r"[-._/:]", "", value)]
    switches = sum(a != b for a, b in pairwise(kinds)) / len(kinds)
    return switches > 0.3 and _entropy(value) > 3.0  # noqa: PLR2004


def _kind(character: str) -> int:
    return 0 if character.isdigit() else 1 if character.islower() else 2 if character.isupper() else 3


def _entropy(value: str) -> float:
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())
