"""A process full of people who answer: the ballots of a crew over a history that another process writes to as well."""

import asyncio
import json
import sys
from typing import Any, cast

from agents.answers import Accepted, Person
from agents.ballots import Ballots
from agents.holds import Holds
from agents.membership import Membership
from agents.segments import Segments
from tests.contract.crews import configuration
from tools.clock import SystemClock
from tools.history import Store, open_store


class Bell:
    """Counts what a decision wakes."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    async def wake(self, release: str, why: str, _target: str, *, at_once: bool = False) -> None:
        """Take a wake-up."""
        del at_once
        self.woken.append(f"{release}/{why}")


def ballots_on(store: Store, bell: Bell) -> Ballots:
    """Count answers on a history, with a bell in the place of the queue."""
    membership = Membership(SystemClock(), {}, "T0HOME")
    declared, clock = configuration(), SystemClock()
    return Ballots(declared, store, clock, cast("Segments", bell), membership, Holds(declared, store, clock))


async def clicks(ballots: Ballots, question: str, people: list[str], odd: int) -> int:
    """Let everybody answer one question at once, every other one with no; returns how many decided it."""
    release, digest = question.partition("/")[0], f"digest of {question}"
    choices = ["approved" if (index + odd) % 2 else "rejected" for index in range(len(people))]
    work = [
        ballots.decide(release, digest, Person(who, "T0HOME"), choice)
        for who, choice in zip(people, choices, strict=True)
    ]
    answers: list[Any] = await asyncio.gather(*work)
    return sum(isinstance(answer, Accepted) for answer in answers)


async def main(url: str, people: str, questions: str) -> None:
    """Wait for a line on stdin, so that all begin together; then answer, and print what came of it."""
    store, bell = await open_store(url, SystemClock()), Bell()
    ballots = ballots_on(store, bell)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    won = [await clicks(ballots, question, people.split(","), odd) for odd, question in enumerate(questions.split(","))]
    sys.stdout.write(json.dumps({"won": won, "woken": bell.woken}) + "\n")
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
