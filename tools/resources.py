"""What a container and its host use: CPU and memory by `docker stats`, the GPU by `nvidia-smi`."""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from tools.errors import ToolError
from tools.hosts import Argv, Completed, Host
from tools.measurements import Measurement

CPU, MEMORY, GPU = "cpu", "memory", "gpu"
_TIMEOUT = timedelta(seconds=15)
"""`docker stats` measures for a second or two; anything much longer is a host in trouble."""
_NOT_FOUND = 127
_SHOWN = 200


def stats_command(container: str) -> Argv:
    """Build the command that measures one container for about a second."""
    return ("docker", "stats", "--no-stream", "--format", "{{json .}}", container)


def gpu_command() -> Argv:
    """Build the command that asks every GPU of a host how busy it is."""
    query = "--query-gpu=utilization.gpu,memory.used"
    return (
        "sh",
        "-c",
        f"command -v nvidia-smi >/dev/null || exit 127; exec nvidia-smi {query} --format=csv,noheader,nounits",
    )


async def container_use(host: Host, container: str) -> tuple[Measurement, Measurement]:
    """Measure CPU, in percent of one CPU, and memory, in percent of the container's limit."""
    try:
        return stats_in(await host.run(stats_command(container), timeout=_TIMEOUT), host.name)
    except ToolError as error:
        return unseen(error.happened)


async def gpu_use(host: Host) -> Measurement:
    """Measure the busiest GPU of the host: which of them the container uses is not known."""
    try:
        return gpu_in(await host.run(gpu_command(), timeout=_TIMEOUT), host.name)
    except ToolError as error:
        return Measurement(GPU, None, error.happened)


def stats_in(answer: Completed, host: str) -> tuple[Measurement, Measurement]:
    """Read the answer of `docker stats`; a container that is gone uses `--`."""
    try:
        told = json.loads(answer.stdout.splitlines()[0]) if answer.ok else {}
    except (ValueError, IndexError, RecursionError):
        told = {}
    if not isinstance(told, dict) or not told:
        return unseen(f"docker stats on {host} told nothing: {_last_line(answer)}")
    return (_percent(CPU, told, "CPUPerc", host), _percent(MEMORY, told, "MemPerc", host))


def gpu_in(answer: Completed, host: str) -> Measurement:
    """Read the answer of `nvidia-smi`: one line for each GPU, `[N/A]` where one does not tell."""
    if answer.exit_code == _NOT_FOUND:
        return Measurement(GPU, None, f"{host} has no nvidia-smi")
    if not answer.ok:
        return Measurement(GPU, None, f"nvidia-smi on {host} failed: {_last_line(answer)}")
    used = [_number(row[0]) for row in csv.reader(answer.stdout.splitlines()) if row]
    known = [value for value in used if value is not None]
    return Measurement(GPU, max(known)) if known else Measurement(GPU, None, f"nvidia-smi on {host} told no number")


def unseen(reason: str) -> tuple[Measurement, Measurement]:
    """Say why neither CPU nor memory were seen."""
    return Measurement(CPU, None, reason), Measurement(MEMORY, None, reason)


def _percent(name: str, told: Mapping[str, Any], key: str, host: str) -> Measurement:
    value = _number(str(told.get(key, "")).removesuffix("%"))
    return Measurement(name, value, "" if value is not None else f"docker stats on {host} told no {key}")


def _number(text: str) -> float | None:
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _last_line(answer: Completed) -> str:
    lines: Iterable[str] = (answer.stderr or answer.stdout).strip().splitlines()[-1:]
    return next(iter(lines), f"exit code {answer.exit_code}")[:_SHOWN]
