"""The port a program listens on: said by a person, named once by the sources, or the usual one of its framework."""

import re
from collections.abc import Iterable

from agents.entrypoints.init.found import Wishes
from agents.entrypoints.init.listing import Listing
from agents.entrypoints.init.notes import Notes, listed

_EXPOSED = re.compile(r"^\s*EXPOSE\s+(\d+)", re.MULTILINE | re.IGNORECASE)


def port_of(listing: Listing, named: Iterable[tuple[int, str]], usual: int | None, wishes: Wishes, notes: Notes) -> int:
    """Tell the port; 0 where it is unknown, and then it is asked for.

    `usual` is what the command that we write listens on unless told otherwise; None where the program itself decides.
    """
    wished = dict(wishes.ports)
    if chosen := wished.get(notes.component) or wished.get(""):
        return chosen
    if exposed := _EXPOSED.search(listing.text("Dockerfile")):
        return int(exposed[1])
    found: dict[int, str] = {}
    for number, place in named:
        found.setdefault(number, place)
    if len(found) == 1:
        return next(iter(found))
    if usual is not None:
        notes.choose("port", str(usual), _why(found), f"--port {notes.component}=NUMBER")
        return usual
    notes.ask("port", _why(found), f"--port {notes.component}=NUMBER")
    return 0


def _why(found: dict[int, str]) -> str:
    return f"the sources name several: {listed(found.items())}" if found else "the sources name none"
