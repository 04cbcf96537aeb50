"""The play: what happens in each scene, and how the world must stand behind it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.demo.facts import Facts
from tests.emulators.slack.world import Message
from tests.stage.conversation import HANA, MAX, Conversation

Seen = dict[str, str]


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: `play` does what is told and returns what was seen, under the names of what is expected."""

    title: str
    about: str
    expected: Mapping[str, str]
    play: Callable[[Conversation, Facts], Awaitable[Seen]]


async def approved(chat: Conversation, version: str) -> Message:
    """Ask for a version, let Hana approve the plan, and wait for the end."""
    card = await chat.asks(f"/deploy observer {version}")
    await chat.shows(card, "[Approve]")
    await press(chat, "Approve", card)
    await chat.end(card)
    return card


async def press(chat: Conversation, button: str, card: Message, person: str = HANA) -> None:
    """Press a button of a message, and wait until the bot has heard of it."""
    if delivery := chat.slack.clicks(person, button, card):
        await delivery.settled()


async def release(chat: Conversation, facts: Facts) -> Seen:
    """A good version: planned, approved by the right person, deployed, verified."""
    before = facts.answers()
    card = await chat.asks("/deploy observer v1.2.3")
    await chat.shows(card, "[Approve]")
    await press(chat, "Approve", card, MAX)
    await chat.whispered("not an approver", to=MAX)
    without = facts.answers()
    await press(chat, "Approve", card)
    await chat.end(card)
    return {
        "answered before": before,
        "answered after Max had clicked": without,
        **await standing(facts),
        "summaries on pull request #7": str(facts.comments()),
    }


async def unhealthy(chat: Conversation, facts: Facts) -> Seen:
    """A version that never becomes healthy."""
    await approved(chat, "v1.2.4")
    return await standing(facts) | await failures(facts)


async def dropped_volume(chat: Conversation, facts: Facts) -> Seen:
    """A version whose compose file lost a volume."""
    return await refused(chat, facts, "v1.2.5")


async def hardcoded_secret(chat: Conversation, facts: Facts) -> Seen:
    """A version with a credential in its compose file."""
    seen = await refused(chat, facts, "v1.2.6")
    return seen | {"the secret can be read": facts.leaks()}


async def refused(chat: Conversation, facts: Facts, version: str) -> Seen:
    """A version that the guardrails refuse."""
    before = facts.identity()
    card = await chat.asks(f"/deploy observer {version}")
    await chat.end(card)
    touched = "untouched" if facts.identity() == before else "touched"
    return {"asked for approval": facts.asked(card), "the container was left": touched, **await standing(facts)}


async def locked(chat: Conversation, facts: Facts) -> Seen:
    """Two more failures, which make three in a row."""
    for _ in range(2):
        await approved(chat, "v1.2.7")
    await chat.escalated("LOCKED")
    chat.says("/deploy observer v1.2.8")
    await chat.whispered("locked")
    target = await facts.target()
    return {
        **await standing(facts),
        **await failures(facts),
        "locked": "yes" if target["locked_at"] else "no",
        "calls for a person": str(facts.escalations()),
    }


async def unlocked(chat: Conversation, facts: Facts) -> Seen:
    """A person takes over, unlocks, and a good version ends the story."""
    call = await chat.escalated("LOCKED")
    await press(chat, "Acknowledge", call)
    await chat.shows(call, "takes care of it")
    await press(chat, "Unlock", call)
    await chat.shows(call, "unlocked it")
    await approved(chat, "v1.2.8")
    resolved = await chat.shows(call, "RESOLVED")
    await chat.slack.until(lambda: chat.slack.thread(call.ts), 10)
    target = await facts.target()
    return {
        **await standing(facts),
        **await failures(facts),
        "locked": "yes" if target["locked_at"] else "no",
        "the escalation": resolved.partition(":")[0],
    }


async def standing(facts: Facts) -> Seen:
    """What the server runs, what the store tells of the release, what stands on the server's disk."""
    pipeline = await facts.pipeline()
    return {
        "the service answers": facts.answers(),
        "the container": facts.container(),
        "last_good_tag": facts.last_good_tag(),
        f"the export of {pipeline['version']}": str(pipeline["status"]),
    }


async def failures(facts: Facts) -> Seen:
    """How many releases in a row failed."""
    return {"failures in a row": str((await facts.target())["consecutive_failures"])}


def stands(version: str, released: str, status: str) -> Seen:
    """Say how the world must stand: this version runs, and that release ended so."""
    return {
        "the service answers": version.removeprefix("v"),
        "the container": f"{version}, running, healthy",
        "last_good_tag": version,
        f"the export of {released}": status,
    }


def untouched(released: str) -> Seen:
    """Say how the world must stand behind a refusal."""
    return {
        "asked for approval": "nobody",
        "the container was left": "untouched",
        **stands("v1.2.3", released, "refused"),
    }


SCENES = (
    Scene(
        "A release",
        "v1.2.2 runs, as somebody started it by hand. Ana asks for v1.2.3; Max is no approver, Hana is.",
        {
            "answered before": "1.2.2",
            "answered after Max had clicked": "1.2.2",
            **stands("v1.2.3", "v1.2.3", "success"),
            "summaries on pull request #7": "1",
        },
        release,
    ),
    Scene(
        "A version that is never healthy",
        "v1.2.4 passes its tests, starts, and reports itself unhealthy. Nobody has to do anything.",
        stands("v1.2.3", "v1.2.4", "rolled_back") | {"failures in a row": "1"},
        unhealthy,
    ),
    Scene(
        "A dropped volume",
        "v1.2.5 lost the mount of its data directory: what it writes would end with its container.",
        untouched("v1.2.5"),
        dropped_volume,
    ),
    Scene(
        "A hardcoded secret",
        "v1.2.6 has a credential written out in its compose file.",
        untouched("v1.2.6") | {"the secret can be read": "nowhere"},
        hardcoded_secret,
    ),
    Scene(
        "The third failure in a row",
        "v1.2.7 crashes at its start. Ana blames bad luck and asks again, which makes three failures with v1.2.4.",
        {
            **stands("v1.2.3", "v1.2.7", "rolled_back"),
            "failures in a row": "3",
            "locked": "yes",
            "calls for a person": "1",
        },
        locked,
    ),
    Scene(
        "A person takes over",
        "Hana is on call: she acknowledges, looks, and unlocks. Ana then releases v1.2.8, which mends the mistakes.",
        {
            **stands("v1.2.8", "v1.2.8", "success"),
            "failures in a row": "0",
            "locked": "no",
            "the escalation": "RESOLVED",
        },
        unlocked,
    ),
)
