"""Who may stop, lock and unlock, who may release in an emergency, and who may review that afterwards.

In what is asked here, the requester is whoever wants to do it now.
"""

from collections.abc import Iterable, Sequence

from config.service import ApprovalPolicy
from guardrails.approval import (
    TELL_APART,
    Asked,
    Held,
    Person,
    Refusal,
    foreign,
    may_be_one,
    no_policy,
    not_while_held,
)


def may_cancel(asked: Asked, policy: ApprovalPolicy, of: Person) -> Refusal | None:
    """Let whoever asked for a release take it back, and operators stop any; where none are named, everybody may."""
    person = asked.requester
    own = not person.ids.isdisjoint(of.ids)
    free = own or not policy.operators or person.is_named_in((*policy.operators, *policy.break_glass))
    return foreign(person, asked) or (None if free else _no_operator(asked, policy.operators, "stop releases"))


def may_lock(asked: Asked, policy: ApprovalPolicy, owners: Sequence[str]) -> Refusal | None:
    """Let operators lock, unlock and take over; where none are named, approvers and owners."""
    able = keepers(policy, owners)
    named = asked.requester.is_named_in(able)
    return foreign(asked.requester, asked) or (
        None if named else _no_operator(asked, able, "lock, unlock and take over")
    )


def keepers(policy: ApprovalPolicy, owners: Sequence[str]) -> tuple[str, ...]:
    """List who may lock, unlock and take over."""
    return tuple(policy.operators) or tuple(dict.fromkeys((*policy.approvers, *owners)))


def may_break_glass(
    asked: Asked, policy: ApprovalPolicy | None, reason: str, *, lock: Held | None = None
) -> Refusal | None:
    """Let those who are named for it release before anybody approves.

    Only the lock after failures stops them; a freeze, or a lock by hand, does not.
    """
    return (
        foreign(asked.requester, asked)
        or no_policy(policy, asked)
        or _no_emergency(asked, policy)
        or _no_reason(asked, reason)
        or not_while_held("locked", lock, asked)
    )


def may_review(asked: Asked, policy: ApprovalPolicy, owners: Sequence[str], broke: Person) -> Refusal | None:
    """Let somebody else who answers for the environment review what was released without approval."""
    person, able = asked.requester, (*policy.approvers, *owners, *policy.break_glass)
    status = f"status {asked.service} {asked.environment}"
    if refusal := foreign(person, asked):
        return refusal
    if not person.ids.isdisjoint(broke.ids):
        standing = f"The review of {asked.service} in {asked.environment} stays owed until somebody else gives it."
        return Refusal("self-review", "You released it yourself, so you cannot review it.", standing, status)
    if person.is_named_in(able) and may_be_one(person, broke):
        standing = f"{broke.id} released it, and you are {person.id}. {TELL_APART}"
        return Refusal("not-told-apart", "Nobody knows whether you released it yourself.", standing, status)
    if person.is_named_in(able):
        return None
    standing = f"Reviews of {asked.service} in {asked.environment} are given by: {_names(able)}."
    return Refusal("not-an-approver", "You may not review releases here.", standing, status)


def _no_operator(asked: Asked, able: Iterable[str], what: str) -> Refusal:
    standing = f"{_names(able)} may {what} in {asked.environment} of {asked.service}."
    return Refusal("not-an-operator", f"You are {asked.requester.id}.", standing, f"status {asked.service}")


def _no_emergency(asked: Asked, policy: ApprovalPolicy | None) -> Refusal | None:
    able = policy.break_glass if policy else ()
    if asked.requester.is_named_in(able):
        return None
    where = f"{asked.service} in {asked.environment}"
    standing = f"Break-glass for {where} is for: {_names(able)}. Nothing was released; the ordinary way asks approvers."
    ordinary = f"deploy {asked.service} {asked.version} to {asked.environment}"
    return Refusal("not-for-break-glass", "You may not release here without approval.", standing, ordinary)


def _no_reason(asked: Asked, reason: str) -> Refusal | None:
    if reason.strip():
        return None
    again = f"break-glass {asked.service} {asked.version} to {asked.environment} REASON"
    standing = "Everybody is told it, and whoever reviews the release reads it."
    return Refusal("reason-missing", "A release without approval needs a reason.", standing, again)


def _names(able: Iterable[str]) -> str:
    return ", ".join(sorted(set(able))) or "nobody"
