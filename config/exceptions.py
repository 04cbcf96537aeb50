"""Exceptions that cannot hold: waived places that are none, and values that are allowed twice."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from config.allowances import AllowedSecret
from config.contracts import PathContract
from config.contradiction import Contradiction
from config.document import Location

_PLACE = "such as /app/archive"


def waiver_contradictions(at: Location, paths: PathContract) -> Iterator[Contradiction]:
    """Find waived places that name no directory or file of a container."""
    for place in paths.waived:
        fault = _misplaced(PurePosixPath(place))
        if fault:
            yield Contradiction((*at, "paths", "waived", place), fault)


def _misplaced(place: PurePosixPath) -> str:
    if not place.is_absolute():
        return f"is no absolute path; write the path in the container, {_PLACE}"
    if ".." in place.parts:
        return f"leads upwards; write the path itself, {_PLACE}"
    if len(place.parts) == 1:
        return f"is the whole container; name what may be left behind, {_PLACE}"
    return ""


def allowance_contradictions(allowed: tuple[AllowedSecret, ...]) -> Iterator[Contradiction]:
    """Find entries for the very same value, of which only one could count."""
    first: dict[tuple[str, str, str], int] = {}
    for index, one in enumerate(allowed):
        owner = first.setdefault((one.path, one.key, one.fingerprint), index)
        if owner != index:
            yield Contradiction(("allowed_secrets", index), f"is for the value of allowed_secrets[{owner}]; keep one")
