"""Who a container runs as, by its Dockerfile, its image and its compose file: the user agreed on, never root."""

import re
from collections.abc import Iterable, Iterator

from guardrails.dockerfile_shell import commands
from guardrails.dockerfile_stages import Instruction, Stage
from guardrails.verdict import Finding, Verdict

_ENTRY = re.compile(r"(?<![\w-])(?P<name>[a-z_][\w-]*):[^:\s]*:(?P<number>\d+):", re.ASCII)
_MAKERS = frozenset({"useradd", "adduser"})


def user_agreed(stage: Stage, wanted: str, place: str) -> Iterator[Finding]:
    """Object unless the last USER of the final stage is the wanted one, and that one is not root by another name."""
    last = next((one for one in reversed(stage.whole) if one.name == "USER"), None)
    written = next(iter(last.words), "") if last else ""
    where = f"{place}:{last.line if last else stage.line}"
    numbers = _numbers(stage.whole)
    if last is None:
        message = "The final stage has no USER, so the program runs as whoever the base image says, mostly root."
        yield _finding("user-root", place, message, wanted, where)
    elif is_root(written):
        message = f"The last `USER {written}` of the final stage makes the program run as root."
        yield _finding("user-root", place, message, wanted, where)
    elif _number(numbers.get(_user(written), "")) == 0:
        message = f"`{_user(written)}` is made with the number 0, which is root under another name."
        yield _finding("user-root", place, message, wanted, where)
    elif wanted not in {_user(written), numbers.get(_user(written), "")} and numbers.get(wanted) != _user(written):
        message = f"The final stage runs as {_user(written)}, which is not known to be {wanted}."
        yield _finding("user-differs", place, message, wanted, where)


def image_user_agreed(image_user: str, wanted: str, passwd: str, subject: str) -> Verdict:
    """Object to a built image whose own user is another; `passwd` is its /etc/passwd, empty where it has none."""
    numbers = dict(_ENTRY.findall(passwd))
    user = _user(image_user)
    if is_root(user) or _number(numbers.get(user, "")) == 0:
        message = f"The image runs as {user or 'root'}, which is root."
        return Verdict.of([_finding("user-root", subject, message, wanted, "")])
    if wanted not in {user, numbers.get(user, "")} and numbers.get(wanted) != user:
        message = f"The image runs as {user}, not as {wanted}."
        return Verdict.of([_finding("user-differs", subject, message, wanted, "")])
    return Verdict()


def compose_user_agreed(compose_user: str | None, wanted: str, subject: str) -> Verdict:
    """Object to a compose file that makes a container run as somebody else than its image was made for."""
    if not compose_user or _user(compose_user) == wanted:
        return Verdict()
    message = f"The compose file says `user: {compose_user}`, so the container would not run as {wanted}."
    remedy = f"Take `user` out of the compose file; the image runs as {wanted}."
    rule = "user-root" if is_root(compose_user) else "user-differs"
    return Verdict.of([Finding(rule=rule, subject=subject, message=message, remedy=remedy)])


def is_root(user: str) -> bool:
    """Tell whether a USER means root: by name, by any way of writing 0, or by saying nobody."""
    return _user(user) in {"", "root"} or _number(_user(user)) == 0


def _numbers(instructions: Iterable[Instruction]) -> dict[str, str]:
    """Find the numbers of the users that a Dockerfile makes: by useradd, adduser, or a line for /etc/passwd."""
    found: dict[str, str] = {}
    for one in instructions:
        found |= dict(_ENTRY.findall(one.script or " ".join(one.words)))
        for command in commands(one):
            if command[0].rpartition("/")[2] in _MAKERS and (number := _option(command)):
                found |= dict.fromkeys(command[1:], number)
    return found


def _option(command: tuple[str, ...]) -> str:
    """Find the number that useradd or adduser is given: `-u 1`, `-ou 1`, `--uid 1`, `--uid=1`, `-u1`."""
    for at, one in enumerate(command):
        if one.startswith(("--uid=", "-u")) and one[2:].removeprefix("uid=").isdecimal():
            return one[2:].removeprefix("uid=")
        if (one == "--uid" or re.fullmatch(r"-[a-zA-Z]*u", one)) and at + 1 < len(command):
            return command[at + 1]
    return ""


def _user(written: str) -> str:
    return written.partition(":")[0].strip()


def _number(text: str) -> int | None:
    digits = text.removeprefix("+").removeprefix("-")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None  # noqa: PLR2004 - no id is longer


def _finding(rule: str, subject: str, message: str, wanted: str, place: str) -> Finding:
    remedy = f"Make the user in the final stage and end with it: `RUN useradd --uid 10001 {wanted}`, `USER {wanted}`."
    if wanted.isdecimal():
        remedy = f"End the final stage with `USER {wanted}`."
    return Finding(rule=rule, subject=subject, message=message, remedy=remedy, place=place)
