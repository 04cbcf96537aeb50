"""Who may let a release through, and when enough have.

Everything here fails closed: no policy, no approver, another workspace, another plan or
a minute too late is a refusal. `outcome` counts all votes anew at every answer, with the
policy of that moment, so a vote that waits for others never outlives the right to give it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from config.service import ApprovalPolicy
from tools.versions import is_commit_version

Outcome = Literal["pending", "approved", "rejected"]
GITHUB = "github"
"""Begins the id of whoever is known by a GitHub login, `github:hana`; alone it stands for nobody knows whom."""
TELL_APART = (
    "Whoever looks after the bot says whose ids these are, under `people` in shipmate.yaml: "
    '{hana: [U0HANA, "terminal:hana", "github:hana"]}.'
)
GROUP = re.compile(r"S[A-Z0-9]{5,}", re.ASCII)
"""Id of a user group in Slack."""


def folded(identity: str) -> str:
    """Write one human's login the one way: GitHub does not tell capitals in it from small letters."""
    return identity.lower() if identity.startswith(f"{GITHUB}:") else identity


def _place(identity: str) -> str:
    place, colon, _ = identity.partition(":")
    return place if colon else ""


@dataclass(frozen=True, slots=True)
class Person:
    """A human as the door has identified them: all their ids, and the user groups they are in."""

    id: str
    workspace: str
    same_as: frozenset[str] = frozenset()
    """Other identities of the same human: `github:hana`, `terminal:hana`."""
    groups: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """Tell every identity of this human."""
        return frozenset(map(folded, self.same_as | {self.id}))

    def is_named_in(self, names: Iterable[str]) -> bool:
        """Tell whether a list names this human, by any identity or by a group."""
        return not (self.ids | self.groups).isdisjoint(map(folded, names))

    @property
    def places(self) -> frozenset[str]:
        """Tell where this human is known: in Slack (empty), at the terminal, on GitHub."""
        return frozenset(map(_place, self.ids))


@dataclass(frozen=True, slots=True)
class Asked:
    """A release that waits for an answer, as the store knows it now."""

    service: str
    environment: str
    version: str
    workspace: str
    requester: Person
    digest: str
    """Digest of the current plan."""
    expires_at: datetime
    decided: str = ""
    """The decision that has fallen, with its person: `approved by U0HANA`; empty while it is open."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's answer to one plan."""

    person: Person
    approve: bool
    digest: str
    """Digest of the plan that the person was shown."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a stable code, how things stand, and the next command to type, as `deploy observer v1.2.3`."""

    code: str
    message: str
    standing: str
    next_command: str


@dataclass(frozen=True, slots=True)
class Held:
    """A reason why an environment takes no releases: a lock or a freeze."""

    by: str
    reason: str
    until: datetime | None = None


def may_decide(
    asked: Asked, vote: Vote, policy: ApprovalPolicy | None, *, now: datetime, votes: Sequence[Vote] = ()
) -> Refusal | None:
    """Refuse an answer that must not count, or return None: then it may be recorded."""
    return (
        foreign(vote.person, asked)
        or _too_late(asked, now)
        or _superseded(asked, vote)
        or no_policy(policy, asked)
        or _no_right(asked, vote, policy)
        or _again(asked, vote, votes)
        or _not_another(asked, vote, votes, policy)
    )


def outcome(asked: Asked, votes: Iterable[Vote], policy: ApprovalPolicy | None) -> Outcome:
    """Count the votes for the current plan: any rejection rejects, N distinct people with the right to it approve."""
    current = [vote for vote in votes if vote.digest == asked.digest and vote.person.workspace == asked.workspace]
    if any(not vote.approve for vote in current):
        return "rejected"
    if policy is None or not _can_ever_approve(policy):
        return "pending"
    return "approved" if approvals(asked, current, policy) >= policy.required else "pending"


def approvals(asked: Asked, votes: Iterable[Vote], policy: ApprovalPolicy | None) -> int:
    """Count the approvals that hold now: of people with the right to them, who are surely not one human."""
    current = [vote for vote in votes if vote.approve and vote.digest == asked.digest]
    able = [vote.person for vote in current if (foreign(vote.person, asked) or _no_right(asked, vote, policy)) is None]
    known = [frozenset(map(_place, ids)) for ids in _humans(able)]
    return max((sum(place in places for places in known) for place in frozenset().union(*known)), default=0)


def may_request(
    asked: Asked, policy: ApprovalPolicy | None, *, lock: Held | None = None, freeze: Held | None = None
) -> Refusal | None:
    """Refuse to start a release that could never go on, or that its requester may not start."""
    return (
        foreign(asked.requester, asked)
        or no_policy(policy, asked)
        or _no_requester(asked, policy)
        or not_while_held("locked", lock, asked)
        or not_while_held("frozen", freeze, asked)
        or _nobody_knows(asked, policy)
        or _nobody_left(asked, policy)
    )


def may_roll_back(asked: Asked) -> Refusal | None:
    """Refuse only strangers: no lock, freeze or approval ever stands in the way of a rollback."""
    return foreign(asked.requester, asked)


def foreign(person: Person, asked: Asked) -> Refusal | None:
    """Refuse whoever is no member of the home workspace."""
    if person.id and person.workspace and person.workspace == asked.workspace:
        return None
    return Refusal(
        "foreign-workspace",
        "Only members of the home workspace may start or decide releases.",
        "Nothing has changed.",
        "Ask somebody of the home workspace.",
    )


def _too_late(asked: Asked, now: datetime) -> Refusal | None:
    if asked.decided:
        standing = f"The release of {asked.service} {asked.version} is {asked.decided}."
        return Refusal("already-decided", "The decision has fallen already.", standing, f"status {asked.service}")
    if now >= asked.expires_at:
        standing = f"The question was open until {asked.expires_at:%Y-%m-%d %H:%M} UTC; nothing was deployed."
        return Refusal("expired", "The time to decide is over.", standing, _deploy(asked))
    return None


def _superseded(asked: Asked, vote: Vote) -> Refusal | None:
    if vote.digest == asked.digest:
        return None
    standing = (
        f"The current plan is {asked.digest[:12]}, the card showed {vote.digest[:12]}. Only the newest card counts."
    )
    return Refusal("superseded", "This card shows a plan that is no longer the current one.", standing, _status(asked))


def no_policy(policy: ApprovalPolicy | None, asked: Asked) -> Refusal | None:
    """Refuse where nobody is named who could approve."""
    if policy is not None and _can_ever_approve(policy):
        return None
    standing = f"{asked.service} in {asked.environment} names no approvers, so nobody can let a release through."
    return Refusal("no-policy", "Without an approval policy every release is refused.", standing, _keeper(asked))


def _can_ever_approve(policy: ApprovalPolicy) -> bool:
    return policy.required == 0 or bool(policy.approvers)


def _no_right(asked: Asked, vote: Vote, policy: ApprovalPolicy | None) -> Refusal | None:
    own = not vote.person.ids.isdisjoint(asked.requester.ids)
    if own and not vote.approve:
        return None  # whoever asked may always take it back
    if policy is None or not vote.person.is_named_in(policy.approvers):
        names = ", ".join(policy.approvers if policy else ()) or "nobody"
        standing = f"Approvers of {asked.service} in {asked.environment}: {names}."
        return Refusal("not-an-approver", "You are not an approver of this environment.", standing, _status(asked))
    if own and not policy.self_approval:
        standing = f"It waits for {policy.required} approval(s) by somebody else of: {', '.join(policy.approvers)}."
        return Refusal(
            "self-approval", "You asked for this release, so you cannot approve it.", standing, _status(asked)
        )
    if vote.approve and not policy.self_approval and may_be_one(vote.person, asked.requester):
        standing = f"{asked.requester.id} asked for it, and you are {vote.person.id}. {TELL_APART}"
        return Refusal("not-told-apart", "Nobody knows whether this is your own release.", standing, _status(asked))
    return None


def may_be_one(one: Person, other: Person) -> bool:
    """Tell whether two people could be one human: no place knows them both, and nobody said who is who."""
    if any(person.id.startswith(f"{GITHUB}:") and person.id.endswith("[bot]") for person in (one, other)):
        return False
    return GITHUB in (one.id, other.id) or one.places.isdisjoint(other.places)


def _again(asked: Asked, vote: Vote, votes: Sequence[Vote]) -> Refusal | None:
    """Refuse a second approval by one human; turning one's own approval into a rejection is welcome."""
    mine = [v for v in votes if v.digest == asked.digest and not v.person.ids.isdisjoint(vote.person.ids)]
    if not mine or (not vote.approve and all(v.approve for v in mine)):
        return None
    standing = "Your answer counts once; the release waits for somebody else's."
    return Refusal("already-voted", "You have answered already.", standing, _status(asked))


def _not_another(asked: Asked, vote: Vote, votes: Sequence[Vote], policy: ApprovalPolicy | None) -> Refusal | None:
    """Refuse an approval that may be by somebody who has approved already, under an id of another place."""
    if not vote.approve or approvals(asked, (*votes, vote), policy) > approvals(asked, votes, policy):
        return None
    others = ", ".join(sorted(one.person.id for one in votes if one.approve and may_be_one(one.person, vote.person)))
    standing = f"{others} approved it, and you are {vote.person.id}. {TELL_APART}"
    return Refusal("not-told-apart", "Nobody knows whether you have approved it already.", standing, _status(asked))


def _no_requester(asked: Asked, policy: ApprovalPolicy | None) -> Refusal | None:
    if policy is None or not policy.requesters or asked.requester.is_named_in(policy.requesters):
        return None
    standing = f"Releases of {asked.service} in {asked.environment} are started by: {', '.join(policy.requesters)}."
    return Refusal("not-a-requester", "You may not start releases here.", standing, _status(asked))


def not_while_held(code: str, held: Held | None, asked: Asked) -> Refusal | None:
    """Refuse while a lock or a freeze holds."""
    if held is None:
        return None
    until = f" until {held.until:%Y-%m-%d %H:%M} UTC" if held.until else ""
    standing = f"{held.by} has {code} it{until}: {held.reason}. A rollback is still possible."
    if code == "locked":
        standing += " Once the reason is gone, `unlock` lets releases in again."
    look = f"status {asked.service} {asked.environment}"  # first of all; and unlocking is not everybody's
    return Refusal(code, f"{asked.service} in {asked.environment} takes no releases now.", standing, look)


def _nobody_knows(asked: Asked, policy: ApprovalPolicy | None) -> Refusal | None:
    """Refuse at once what everybody might have set off, where nobody may approve their own."""
    if policy is None or policy.self_approval or policy.required == 0 or asked.requester.id != GITHUB:
        return None
    standing = "GitHub does not tell who set it off, so it could be any approver's own change."
    return Refusal("unknown-requester", "Nobody could approve this release.", standing, _deploy(asked))


def _nobody_left(asked: Asked, policy: ApprovalPolicy | None) -> Refusal | None:
    """Refuse at once what too few people could ever approve; the size of a user group is not known here."""
    if policy is None or any(GROUP.fullmatch(name) for name in policy.approvers):
        return None
    able = set(map(folded, policy.approvers)) - (frozenset() if policy.self_approval else asked.requester.ids)
    if len(able) >= policy.required:
        return None
    standing = f"{policy.required} approval(s) are needed, and {len(able)} of the approvers could give one."
    own = [name for name in map(folded, policy.approvers) if name in asked.requester.ids and name not in able]
    if own:
        only = "the only approver" if not able else "one of too few approvers"
        where = f"{asked.service} in {asked.environment}"
        standing += (
            f" You ({own[0]}) asked for it and are {only}; nobody approves their own release."
            f" Add another approver of {where}, or set `self_approval: true` under its `approval`."
        )
    return Refusal("too-few-approvers", "This release could never be approved.", standing, _keeper(asked))


def _humans(people: Iterable[Person]) -> list[frozenset[str]]:
    """Merge identities that belong to one human."""
    humans: list[frozenset[str]] = []
    for person in people:
        same = [ids for ids in humans if ids & person.ids]
        humans = [ids for ids in humans if not ids & person.ids] + [person.ids.union(*same)]
    return humans


def _deploy(asked: Asked) -> str:
    if is_commit_version(asked.version):  # nobody can type that
        return _status(asked)
    return f"deploy {asked.service} {asked.version} to {asked.environment}"


def _status(asked: Asked) -> str:
    return f"status {asked.service}"


def _keeper(asked: Asked) -> str:
    """Say who can change what only the configuration can, since most people who are refused cannot."""
    return (
        f"Ask whoever looks after the bot to name approvers of {asked.environment} in the file of {asked.service},"
        " and to run ./shipmate check-config."
    )
