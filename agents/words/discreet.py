"""Texts of a change without the secrets written into it: taking one out must not publish it. Pure."""

import json
import re
from collections.abc import Iterable

from agents.words.patch import file_patches
from guardrails.secrets import State, secret_uses
from guardrails.secrets.reading import LARGEST_FILE_BYTES

LEFT_OUT = "[a line with a secret was left out]"
_OBJECTIONABLE = frozenset({State.LITERAL, State.PLACEHOLDER})
_HEADING = re.compile(r"^(@@ [^@\n]* @@).*", re.MULTILINE)
"""Git repeats a line from further up behind the numbers of a hunk."""
_LONG_ENOUGH = 6
"""Shorter values are left out where they are written as secrets, and nowhere else."""


def without_secrets(diff: str) -> str:
    """Blank the lines of a diff in which a secret is written out, on either side and wherever it is repeated."""
    return "".join(_blanked(patch.text) for patch in file_patches(diff))


def written_out(text: str) -> bool:
    """Tell whether a command or a health check of a compose file has a secret written into it."""
    document = json.dumps({"services": {"it": {"command": text}}})
    return any(use.state in _OBJECTIONABLE for use in secret_uses("compose.yml", document))


def _blanked(patch: str) -> str:
    if len(patch.encode()) > LARGEST_FILE_BYTES:
        return patch.partition("\n@@")[0] + "\n@@ too large to be searched for secrets @@\n"
    found = [use for use in secret_uses("change.diff", patch, str) if use.state in _OBJECTIONABLE]
    numbers = {use.line for use in found}
    values = {line.strip() for use in found if use.state is State.LITERAL for line in use.fingerprint.splitlines()}
    known = [value for value in values if len(value) >= _LONG_ENOUGH]
    lines = _HEADING.sub(r"\1", patch).splitlines(keepends=True)
    return "".join(
        f"{line[0]}{LEFT_OUT}\n" if number in numbers or _holds(line, known) else line
        for number, line in enumerate(lines, 1)
    )


def _holds(line: str, values: Iterable[str]) -> bool:
    return line[0] in "+- " and any(value in line for value in values)
