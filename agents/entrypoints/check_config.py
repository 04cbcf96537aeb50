"""`check-config`: whether the configuration loads, and everything that is wrong with it where it does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from agents.entrypoints.figures import count
from config.faults import ConfigFaults
from config.loading import load

PASSED, FAULTY = 0, 2


def check_config(path: Path, environ: Mapping[str, str], *, out: TextIO) -> int:
    """Print `OK: 2 services, 3 environments`, or every fault with its file and line; 0 or 2."""
    try:
        services = load(path, environ).services.values()
    except ConfigFaults as faults:
        out.write(faults_text(faults))
        return FAULTY
    environments = sum(len(service.environments) for service in services)
    out.write(f"OK: {count(len(services), 'service')}, {count(environments, 'environment')}\n")
    return PASSED


def faults_text(found: ConfigFaults) -> str:
    """Write one line per fault, and what to do next."""
    lines = [
        *map(str, found.faults),
        f"{count(len(found.faults), 'fault')} to correct. Then run `./shipmate check-config` again.",
    ]
    return "\n".join(lines) + "\n"
