"""The grammar of command lines: which words may follow a verb, and what they make. A new command is a form here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.entrypoints.commands.catalog import spelled
from agents.entrypoints.commands.typed import (
    Acknowledge,
    Approve,
    BreakGlass,
    Cancel,
    Command,
    Deploy,
    Help,
    History,
    Lock,
    Reject,
    Report,
    Review,
    Rollback,
    Stats,
    Status,
    TakeOver,
    Unlock,
)

SERVICE, VERSION, FORMER, ENVIRONMENT, DIGEST = "SERVICE", "VERSION", "FORMER", "ENV", "DIGEST"
REASON = "REASON"
"""Free text: one word or more, everything that the rest of its shape leaves over."""
SPAN = "SPAN"
FIELDS = {
    SERVICE: "service",
    VERSION: "version",
    FORMER: "version",
    ENVIRONMENT: "environment",
    DIGEST: "digest",
    REASON: "reason",
    SPAN: "span",
}
"""Which field of the command the word in a slot becomes; every other word of a shape stands for itself."""
OPTIONS: Mapping[str, str] = {
    "--dry-run": "analyze",
    "--tests-only": "test",
    "--skip-deploy": "build",
    "--deploy-only": "deploy",
}
"""How much of a release is wanted, by the word that people put behind it."""
Shape = tuple[str, ...]
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The shapes that the words behind a verb may have, the narrower ones first, and what they make."""

    make: Callable[..., Command]
    usage: str
    shapes: tuple[Shape, ...]
    targeted: bool = True
    """The default environment is filled in where none is named."""
    options: bool = False
    """One of the options may stand anywhere behind the verb; it goes into the command's field `only`."""


_TARGET: tuple[Shape, ...] = ((SERVICE,), (SERVICE, ENVIRONMENT))
FORMS: Mapping[str, Form] = {
    "deploy": Form(
        Deploy,
        f"SERVICE VERSION [to ENV] [{' | '.join(OPTIONS)}]",
        ((SERVICE, VERSION), (SERVICE, VERSION, "to", ENVIRONMENT)),
        options=True,
    ),
    "status": Form(Status, "[SERVICE [ENV]]", ((), *_TARGET), targeted=False),
    "history": Form(History, "[SERVICE [ENV]]", ((), *_TARGET), targeted=False),
    "stats": Form(Stats, "[SERVICE]", ((), (SERVICE,)), targeted=False),
    "report": Form(Report, "[SERVICE [ENV]]", ((), *_TARGET), targeted=False),
    "rollback": Form(
        Rollback,
        "SERVICE [to VERSION] [in ENV]",
        (
            (SERVICE,),
            (SERVICE, "to", FORMER),
            (SERVICE, "in", ENVIRONMENT),
            (SERVICE, "to", FORMER, "in", ENVIRONMENT),
        ),
    ),
    "cancel": Form(Cancel, "SERVICE [ENV]", _TARGET),
    "takeover": Form(TakeOver, "SERVICE [ENV]", _TARGET),
    "lock": Form(
        Lock,
        "SERVICE [ENV] REASON [for 2h]",
        (
            (SERVICE, ENVIRONMENT, REASON, "for", SPAN),
            (SERVICE, ENVIRONMENT, REASON),
            (SERVICE, REASON, "for", SPAN),
            (SERVICE, REASON),
        ),
    ),
    "unlock": Form(Unlock, "SERVICE [ENV]", _TARGET),
    "acknowledge": Form(Acknowledge, "SERVICE [ENV]", _TARGET),
    "approve": Form(Approve, "SERVICE [ENV [DIGEST]]", (*_TARGET, (SERVICE, ENVIRONMENT, DIGEST))),
    "reject": Form(Reject, "SERVICE [ENV] [REASON]", (*_TARGET, (SERVICE, ENVIRONMENT, REASON), (SERVICE, REASON))),
    "break-glass": Form(
        BreakGlass,
        "SERVICE VERSION [to ENV] REASON",
        (
            (SERVICE, VERSION, "to", ENVIRONMENT, REASON),
            (SERVICE, VERSION, "to", ENVIRONMENT),
            (SERVICE, VERSION, REASON),
            (SERVICE, VERSION),
        ),
    ),
    "review": Form(Review, "SERVICE [ENV] NOTE", ((SERVICE, ENVIRONMENT, REASON), (SERVICE, REASON))),
    "help": Form(Help, "", ((),), targeted=False),
}
VERBS = frozenset(FORMS)
_VERB_OF = {form.make: verb for verb, form in FORMS.items()}


def verb_of(command: Command) -> str:
    """Name a command by the word that people type."""
    return _VERB_OF[type(command)]


def usages(prefix: str) -> tuple[str, ...]:
    """List every command line that can be typed."""
    return tuple(usage(prefix, verb) for verb in FORMS)


def usage(prefix: str, verb: str) -> str:
    """Write what may follow one verb."""
    form = FORMS[verb]
    return spelled(prefix, verb, *([form.usage] if form.usage else []))


def arranged(shape: Shape, words: Words) -> Words | None:
    """Lay words into a shape, one element per slot, free text as one; None where they do not fit."""
    if len(words) < len(shape) or (REASON not in shape and len(words) > len(shape)):
        return None
    if REASON in shape:
        begin = shape.index(REASON)
        end = len(words) - (len(shape) - begin - 1)
        words = (*words[:begin], " ".join(words[begin:end]), *words[end:])
    pairs = zip(shape, words, strict=True)
    return words if all(slot in FIELDS or slot == word for slot, word in pairs) else None
