"""Rights a container takes beyond its own: the user it runs as, and what of the host it shares."""

from collections.abc import Iterator

from guardrails.verdict import Finding, Level, Verdict
from tools.compose_file import ComposeService

_NAMESPACES = ("network_mode", "pid", "ipc", "userns_mode")
_ADDED = ("cap_add", "devices")


def user_unprivileged(service: ComposeService, *, image_user: str | None, running_user: str | None = None) -> Verdict:
    """Warn of a container that runs as root; refuse one that did not and now would.

    `image_user` is the image's own user (empty means root), None where nobody looked.
    """
    user = service.user or image_user
    if user is None:
        rule, message, level = "user-unknown", "Nobody looked at the image's user.", Level.WARNING
    elif not _is_root(user):
        return Verdict()
    elif running_user is None or _is_root(running_user):
        rule, message, level = "user-root", "It runs as root.", Level.WARNING
    else:
        rule, level = "user-became-root", Level.BLOCKING
        message = f"It runs as {running_user} today and would run as root."
    remedy = "Create a user in the Dockerfile and switch to it with `USER`."
    return Verdict.of([Finding(rule=rule, subject=service.name, message=message, remedy=remedy, level=level)])


def least_privilege(service: ComposeService) -> Verdict:
    """Warn of every right over the host that a service takes."""
    return Verdict.of(
        Finding(
            rule=rule,
            subject=f"{service.name}: {key}",
            message=f"`{key}: {shown}` {meaning}.",
            remedy=f"Drop `{key}` unless the program cannot work without it.",
            level=Level.WARNING,
        )
        for rule, key, shown, meaning in _rights(service)
    )


def _rights(service: ComposeService) -> Iterator[tuple[str, str, str, str]]:
    raw = service.raw
    if raw.get("privileged"):
        yield "privileged", "privileged", "true", "gives the container every right over the host"
    if any("unconfined" in str(option) for option in raw.get("security_opt") or ()):
        yield "unconfined", "security_opt", "unconfined", "switches a protection of the engine off"
    for key in _NAMESPACES:
        if raw.get(key) == "host":
            yield "host-namespace", key, "host", "lets the container share this part of the host"
    for key in filter(raw.get, _ADDED):
        yield "added-rights", key, f"{len(raw[key])} entries", "gives rights that containers do not have by default"


def _is_root(user: str) -> bool:
    return user.partition(":")[0] in {"", "0", "root"}
