"""What the audit is told at the door: who asked for what, and why it was refused. Pure."""

from dataclasses import fields, replace

from agents.answers import Origin, Person
from agents.entrypoints.commands import Command, Misread
from agents.entrypoints.commands.grammar import verb_of
from agents.entrypoints.gestures import Pressed, Said
from tools.history.ledger import Record


def asked(command: Command, person: Person, origin: Origin) -> Record:
    """Write down a command as it was understood."""
    given = {field.name: getattr(command, field.name) for field in fields(command)}
    rest = {name: value for name, value in given.items() if name not in {"service", "environment"} and value}
    return Record(
        "command",
        verb_of(command),
        "asked",
        person.id,
        person.team,
        door_of(origin),
        service=given.get("service") or "",
        environment=given.get("environment") or "",
        detail=rest,
    )


def pressed(button: Pressed) -> Record:
    """Write down a click: on which release, and below which plan."""
    person, door = button.person, door_of(button.origin)
    return Record(
        "command",
        button.action,
        "asked",
        person.id,
        person.team,
        door,
        release=button.release,
        digest=button.digest,
        detail={"button": True},
    )


def misread(command: Misread, person: Person, origin: Origin) -> Record:
    """Write down that something was not understood: why, which command it was meant for, and never what it was."""
    detail = {"command": command.verb} if command.verb else {}
    return Record("refusal", "read", command.code, person.id, person.team, door_of(origin), detail=detail)


def stranger(gesture: Said | Pressed, code: str) -> Record:
    """Write down that somebody from elsewhere was turned away."""
    return Record("refusal", "enter", code, gesture.person.id, gesture.person.team, door_of(gesture.origin))


def refused(request: Record, code: str) -> Record:
    """Write down that what was asked for was refused, with the reason code."""
    return replace(request, kind="refusal", outcome=code or "refused", detail={})


def door_of(origin: Origin) -> str:
    """Name the door by which somebody came."""
    return "slack" if origin.channel else "terminal"
