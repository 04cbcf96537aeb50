"""`.env.example`: the names of the variables on the server, never a value."""

from collections.abc import Iterator

from agents.entrypoints.init.found import Found, Reading
from agents.entrypoints.init.rendering import render


def env_example(found: Found) -> str:
    """Write the names, the required ones first."""
    readings = {
        one.name: one for component in found.components for one in sorted(component.readings, key=lambda r: r.required)
    }
    ordered = sorted(readings.values(), key=lambda one: (not one.required, one.name))
    lines = [line for one in ordered for line in _lines(one)]
    return render("env.example", variables="\n".join(lines or ["", "# None was found in the sources."]))


def _lines(reading: Reading) -> Iterator[str]:
    yield ""
    if reading.required:
        yield from (f"# Required: read by {reading.file}.", f"{reading.name}=")
    else:
        yield from (f"# Optional: read by {reading.file}.", f"#{reading.name}=")
