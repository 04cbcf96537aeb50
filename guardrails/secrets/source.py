"""Source code: a text literal given to something named for a secret, by assignment, argument, default or setter.

Code is full of texts about secrets (names of fields, labels, messages), so here the value has to look like a
credential, too; a placeholder is none. Provider tokens are the pattern layer's.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from guardrails.secrets import lines
from guardrails.secrets.names import SECRET_WORDS, WEAK_WORDS, Suspicion, suspicion, word_set, words
from guardrails.secrets.uses import Hit, State
from guardrails.secrets.values import is_placeholder, is_prose, machine_made, state_of

KIND = "source-literal"
_SHAPED = frozenset({"known-token", "private-key"})
_NAMELESS = frozenset({"known-token", "url-password", "url-token"})
_MARK = re.compile(r"""PRIVATE KEY(?: BLOCK)?-----["'`)]""")
"""How programs that read keys look for one."""
_LONGEST_LINE = 600
"""What is longer was made by a program."""
_COMMENT = re.compile(r"\s*(?:#(?!\[)|//|\*|/\*|--\s|<!--|;;)")
_TEXT = r"""(?:\b[bruf]{1,2})?(?P<quote>["'`])(?P<value>(?:(?!(?P=quote))[^\\\n]){1,400})(?P=quote)"""
_WORTH = re.compile(
    r"(?i)pass|pwd|secret|token|key|cred|auth|salt|\bpin|_pin|psk|jwt|\bpat\b|_pat|bearer|pepper|://|private key"
    r"|ghp_|gho_|ghs_|ghu_|npm_|akia|asia|xox|xapp|_live_|sk-|aiza|sg\.|:aa|_v1_|hf_|dckr|hvs\.|hvb\.|pypi-|eyj"
)
"""Nearly all lines of code have nothing to do with secrets, and are passed over at once."""
_TYPE = r"""(?:\s*:\s*[&?]?(?:'static\s+)?[\w.<>|\[\] ]{1,40}?)?"""
_NAME = r"""(?:["'](?P<quoted>[\w.-]+)["']\]?|(?<![\w$-])\$?(?:\w+\s*(?:->|::|\.)\s*)*(?P<plain>[A-Za-z_][\w]*))"""
_SIGN = r"""\s*(?::=|=>|(?<![=!<>])=(?![=~>])|:(?![:=]))\s*"""
_WRAPPED = (
    r"""(?:new\s+)?(?:\[\]byte|bytes|bytearray|bytes\.fromhex|String(?:::from)?|SecretStr|Secret(?:::new)?|Buffer\.from"""
    r"""|base64\.b64decode|SecureString|Some)\(\s*"""
)
_FALLBACK = (
    r"""(?:[\w.$]*(?:getenv|environ\.get|env\.get|fetch|env|getEnv|getOrDefault|Getenv|config|get|LookupEnv)\(\s*["'][\w.-]+["']\s*,\s*"""
    r"""|[^"'`;{]{1,120}?(?:\|\||\?\?|\?:|\bor)\s*)"""
)
_ASSIGNED = re.compile(rf"{_NAME}{_TYPE}{_SIGN}(?:{_FALLBACK}|{_WRAPPED})?{_TEXT}")
_ANNOTATED_PROPERTY = re.compile(rf"""(?<!\w)(?P<plain>[A-Za-z_]\w*)\s*\{{\s*get;[^}}]*\}}\s*=\s*{_TEXT}""")
_ARGUMENTS = re.compile(rf"""(?P<call>\w+)!?\(\s*(["'])(?P<quoted>[\w.-]{{2,80}})\2\s*,\s*{_TEXT}""")
_SETTER = re.compile(rf"""(?<!\w)(?:set|with|use)?_?(?P<plain>[A-Za-z_]\w*)\(\s*{_TEXT}\s*\)""")
_OPTION = re.compile(rf"""["']--?(?P<plain>[\w-]+)["'].{{0,120}}?\bdefault\s*=\s*{_TEXT}""")
_SETTER_NAMES = word_set(
    """
    password passwd passphrase secret token apikey apisecret secretkey accesskey clientsecret authtoken accesstoken
    privatekey dbpassword adminpassword
    """
)
_IN_TEXT = re.compile(
    r"""(?i)(?<![\w.-])(?P<key>password|passwd|pwd|accountkey|sharedaccesskey|secretkey)\s*=\s*(?P<value>[^\s;"'`&]{3,200})"""
)
_SETTING_IN_TEXT = re.compile(
    r"""(?i)(?<![\w.-])(?:host|server|data source|database|dbname|initial catalog|user id|uid|user|username"""
    r"""|accountname|endpoint|port|ssl)\s*="""
)
_PASSWORD_WORDS = word_set("password passwd pwd pass pw passphrase passcode pswd")
_SHORTEST, _LONG = 6, 20
"""Characters of a password that anybody would choose, and of what is hardly a word any more."""
_PHRASE_WORDS = 4
_FORMAT_NAMES = word_set(
    "oauth2 oauth1 base64 base32 sha1 sha256 sha384 sha512 md5 hs256 rs256 es256 utf8 http2 k8s x509 aes256"
)
_PATTERN = re.compile(r"\\|\(\?|\[[\^\w]-|\.\*|\.\+|^\^|\{\d|%[sdvq]|\$\{|\{\w*\}|<\w")
_SHORTEST_MADE = 23
_TEST = re.compile(
    r"(?i)(?:^|/)(?:tests?|__tests__|specs?|testing|fixtures?|testdata|__mocks__|mocks?|cypress|e2e|\w+_test|src/test)/"
    r"|(?:^|/)(?:test_[^/]*|conftest|[^/]*[._-](?:test|tests|spec|stories|mock))\.\w+$|(?:^|/)\w+Tests?\.\w+$"
)


def is_test(path: str) -> bool:
    """Tell source code that runs in tests only: what is written out there opens nothing that is meant to last."""
    return bool(_TEST.search(path))


def hits(text: str) -> Iterator[Hit]:
    """Read source code of any language, line by line."""
    for number, line in lines.numbered(text):
        if len(line) <= _LONGEST_LINE and _WORTH.search(line) and not _COMMENT.match(line):
            yield from _line(number, line)


def _line(number: int, line: str) -> Iterator[Hit]:
    for one in lines.unkeyed(number, line):
        if (one.kind in _SHAPED and not _MARK.search(line)) or (
            one.state is State.LITERAL and is_credential("password", one.value)
        ):
            yield _named(one, line)
    if '"' not in line and "'" not in line and "`" not in line:
        return
    for key, value in (*_given(line), *_connections(line)):
        strength = suspicion(key)
        made = strength is Suspicion.WEAK and len(value) > _SHORTEST_MADE and machine_made(value)
        if (strength is Suspicion.STRONG or made) and is_credential(key, value):
            yield Hit(number, key, KIND, State.LITERAL, value)


def _named(one: Hit, line: str) -> Hit:
    """Call a credential by what it is given to, alone or as a part: people look for the variable, not for a shape."""
    if one.kind not in _NAMELESS:
        return one
    return replace(one, key=next((key for key, value in _given(line) if one.value in value), one.key))


def _given(line: str) -> Iterator[tuple[str, str]]:
    for pattern in (_ASSIGNED, _ANNOTATED_PROPERTY, _OPTION):
        for found in pattern.finditer(line):
            named = found.groupdict()
            yield named.get("quoted") or found["plain"], found["value"]
    for found in _ARGUMENTS.finditer(line):
        yield found["quoted"], found["value"]
    for found in _SETTER.finditer(line):
        if found["plain"].replace("_", "").lower() in _SETTER_NAMES:
            yield found["plain"], found["value"]


def _connections(line: str) -> Iterator[tuple[str, str]]:
    """Read what a connection string carries: a password beside a host or a user."""
    if _SETTING_IN_TEXT.search(line):
        for found in _IN_TEXT.finditer(line):
            yield found["key"], found["value"]


def is_credential(key: str, value: str) -> bool:
    """Tell a credential from the many other texts that code gives to things named for a secret."""
    value = re.sub(r"(?i)^(?:bearer|basic|token)\s+", "", value)
    if state_of(value, key) is not State.LITERAL or is_prose(value) or re.search(r"\s", value):
        return False
    parts = set(words(value))
    if machine_made(value):
        return True
    if _PATTERN.search(value) or parts & (SECRET_WORDS | WEAK_WORDS) or is_placeholder(value, key):
        return False
    return _chosen(key, value)


def _chosen(key: str, value: str) -> bool:
    """Judge a value that a person may have chosen."""
    letters, digits = bool(re.search(r"[A-Za-z]", value)), bool(re.search(r"\d", value))
    if _PASSWORD_WORDS & set(words(key)) or "secret" in words(key)[-2:]:
        long = len(value) >= _LONG and value.replace("-", "").isalpha()
        phrase = long and len(re.split(r"[-_.]", value)) >= _PHRASE_WORDS
        return phrase or (letters and digits and len(value) >= _SHORTEST and value.lower() not in _FORMAT_NAMES)
    return letters and digits and len(value) >= _LONG and not re.search(r"[./:]", value)
