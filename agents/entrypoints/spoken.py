"""Carries out at the terminal what can also be said in Slack, by the same door."""

import argparse
import json
import uuid
from typing import TextIO

from agents.answers import Origin
from agents.entrypoints import door
from agents.entrypoints.caller import person
from agents.entrypoints.commands import Catalog, Command, Misread, parse
from agents.entrypoints.github_feed import mirrored_on_github
from agents.entrypoints.replies import misread
from agents.entrypoints.spoken_arguments import FOLLOWED, READ
from agents.entrypoints.standing import document
from agents.entrypoints.terminal import follow
from agents.entrypoints.voice import terminal_voice
from agents.entrypoints.wiring import opened_store, reachable_crew, reading_crew
from config.shipmate import Configuration

DONE, NO, WRONG = 0, 1, 2


async def speak(wanted: argparse.Namespace, configuration: Configuration, out: TextIO) -> int:
    """Answer a command as Slack would, and follow the release that it began; returns the exit code."""
    typed = " ".join(filter(None, (wanted.verb, *wanted.words, getattr(wanted, "extent", None))))
    command = parse(typed, Catalog.of(configuration.services, "./shipmate"))
    if wanted.verb in READ and wanted.json:
        return await _as_json(wanted.verb, command, configuration, out)
    calls_nobody = wanted.verb in READ or isinstance(command, Misread)
    needed = wanted.verb in READ and not isinstance(command, Misread)
    reached = reading_crew(configuration, needed=needed) if calls_nobody else reachable_crew(configuration)
    async with reached as crew:
        key = f"terminal/{uuid.uuid4()}"
        reply = await door.answer(command, person(), Origin(), crew, configuration, key)
        out.write(f"{reply.text}\n")
        if reply.release and wanted.verb in FOLLOWED:
            async with mirrored_on_github(crew, configuration):
                return await follow(crew, reply.release, out)
    return WRONG if isinstance(command, Misread) else DONE if reply.done else NO


async def _as_json(verb: str, command: Command | Misread, configuration: Configuration, out: TextIO) -> int:
    if isinstance(command, Misread):
        out.write(json.dumps({"error": misread(command, terminal_voice())}) + "\n")
        return WRONG
    service, environment = getattr(command, "service", None), getattr(command, "environment", None)
    async with opened_store(configuration) as store:
        freezes = configuration.shipmate.freezes
        told = await document(verb, store, configuration.services, service, environment, freezes)
    out.write(json.dumps(told, indent=2) + "\n")
    return DONE
