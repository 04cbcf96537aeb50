"""Secrets that nobody registered, known by how their makers write them: a second pass over what leaves the bot."""

import re

from tools.occurrences import Occurrences

_LONGEST_KEY = 20_000
"""Characters behind the header of a key that has no end; the longest that people use have some 13,000."""
_SHAPES = {
    "GITHUB": r"gh[oprsu]_[A-Za-z0-9]{30,255}|github_pat_\w{30,255}",
    "GITLAB": r"glpat-[\w-]{20,}",
    "SLACK": r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}",
    "HOOK": r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}",
    "MODEL": r"sk-(?=[\w-]*\d)[\w-]{20,}",
    "AWS": r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "GOOGLE": r"AIza[\w-]{35}",
    "STRIPE": r"[sr]k_live_[A-Za-z0-9]{16,}",
    "PACKAGES": r"npm_[A-Za-z0-9]{36}|pypi-AgEIcHlwaS5vcmc[\w-]{20,}",
    "JWT": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "KEY": (
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
        rf"(?:[\s\S]{{20,{_LONGEST_KEY}}}?(?:-----END [A-Z ]{{0,20}}PRIVATE KEY-----|\Z)|[\s\S]{{{_LONGEST_KEY}}})"
    ),
    "ADDRESS": r"(?<=://)[^\s:/@\[\]]{0,80}:(?![$\[{<*])[^\s/@:\[\]]{4,200}(?=@)",
}
"""The last is the login in an address; a reference or a mark in its place is none."""
_NAMES = {
    "HOOK": "address of a Slack hook",
    "KEY": "private key",
    "ADDRESS": "login in an address",
    "MODEL": "API key",
    "PACKAGES": "publishing token",
}
_ANY = re.compile(r"(?<![\w-])(?:" + "|".join(f"(?P<{name}>{shape})" for name, shape in _SHAPES.items()) + ")")


_BEGINNINGS = (
    *("ghp_", "gho_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "xox", "xapp-", "https://hooks.slack.com/"),
    *("sk-", "AKIA", "ASIA", "AIza", "sk_live_", "rk_live_", "npm_", "pypi-AgEI", "eyJ", "-----BEGIN "),
)
_LOGIN = "://"
_PLACES = Occurrences((beginning, beginning) for beginning in (*_BEGINNINGS, _LOGIN))


def without_tokens(text: str) -> str:
    """Replace what can be nothing but somebody's token, key or login by what it is."""
    parts: list[str] = []
    at = 0
    for start, end, beginning in sorted(_PLACES.spans(text, overlapping=True)):
        begin = end if beginning == _LOGIN else start
        found = _ANY.match(text, begin) if begin >= at else None  # what is masked is not looked at again
        if found:
            parts += [text[at : found.start()], _mark(found)]
            at = found.end()
    return "".join([*parts, text[at:]])


def _mark(found: re.Match[str]) -> str:
    name = found.lastgroup or ""
    return f"[redacted:{_NAMES.get(name, f'{name} token')}]"
