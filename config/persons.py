"""Whom a file names: ids that belong to people and channels, each to one only."""

import re
from collections.abc import Iterator

from config.contradiction import Contradiction
from config.document import Location
from config.service import Environment
from config.shipmate import Shipmate

PERSON = re.compile(r"[UW][A-Z0-9]{2,}|terminal:\S+|github:[\w-]+(\[bot\])?", re.ASCII)
GROUP = re.compile(r"S[A-Z0-9]{5,}", re.ASCII)
CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}", re.ASCII)
SHOWN = 40
ROLES = ("approvers", "requesters", "operators", "break_glass")


def approval_contradictions(at: Location, environment: Environment) -> Iterator[Contradiction]:
    """Find approvals that nobody can give, or nobody can give in time."""
    policy = environment.approval
    for role in ROLES:
        for index, name in enumerate(getattr(policy, role)):
            if not (GROUP.fullmatch(name) or PERSON.fullmatch(name)):
                yield Contradiction((*at, "approval", role, index), _nobody(name))
    known = not any(map(GROUP.fullmatch, policy.approvers))
    if known and policy.approvers and len(set(policy.approvers)) < policy.required:
        yield Contradiction(
            (*at, "approval", "required"),
            f"asks for {policy.required} approvals, but only {len(set(policy.approvers))} approvers are listed",
        )
    if not policy.expires:
        yield Contradiction((*at, "approval", "expires"), "leaves no time to approve; write a duration such as 30m")


def bot_contradictions(bot: Shipmate) -> Iterator[Contradiction]:
    """Find channels and people in the bot's own file that are none, or that are two at once."""
    yield from _channels(bot)
    yield from _people(bot)
    yield from _groups(bot)


def _channels(bot: Shipmate) -> Iterator[Contradiction]:
    for key in ("releases_channel", "escalation_channel"):
        channel = getattr(bot.slack, key)
        if channel is not None and not CHANNEL.fullmatch(channel):
            message = "is not a channel's id; open the channel's details in Slack and copy its id, such as C0RELEASES"
            yield Contradiction(("slack", key), message)


def _people(bot: Shipmate) -> Iterator[Contradiction]:
    owners: dict[str, str] = {}
    for human, identities in bot.people.items():
        for index, identity in enumerate(identities):
            at = ("people", human, index)
            # Logins of GitHub are the same in capitals and small letters; Slack ids have no small ones.
            owner = owners.setdefault(identity.lower() if identity.startswith("github:") else identity, human)
            if owner != human:
                yield Contradiction(at, f"'{identity}' already belongs to {owner}; keep it with one of them")
            elif not PERSON.fullmatch(identity):
                yield Contradiction(at, _nobody(identity))


def _groups(bot: Shipmate) -> Iterator[Contradiction]:
    for group, members in bot.groups.items():
        if not GROUP.fullmatch(group):
            message = "is not a user group's id; open the group in Slack and copy its id, such as S0RELEASE"
            yield Contradiction(("groups", group), message)
        for index, member in enumerate(members):
            if not PERSON.fullmatch(member):
                yield Contradiction(("groups", group, index), _nobody(member))


def _nobody(name: str) -> str:
    """Say that a name is no id, and where only capitals are missing, that."""
    capitals = name.upper()
    if re.search(r"\d", name) and (PERSON.fullmatch(capitals) or GROUP.fullmatch(capitals)):
        return f"{name!r} is nobody's id; Slack writes its ids in capitals: {capitals}"
    return (
        f"{name[:SHOWN]!r} is nobody's id; use a Slack member id such as U0HANA (profile -> Copy member ID), "
        "terminal:LOGIN or github:LOGIN"
    )
