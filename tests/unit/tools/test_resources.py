"""What a container and its host use, read from what the programs print."""

from datetime import timedelta

import pytest

from tools.hosts import Completed
from tools.measurements import Measurement
from tools.resources import gpu_in, stats_in

STATS = '{"BlockIO":"0B / 0B","CPUPerc":"101.25%","Container":"abc","MemPerc":"12.50%","MemUsage":"64MiB / 512MiB"}\n'


def answer(stdout: str = "", exit_code: int = 0, stderr: str = "") -> Completed:
    return Completed(("x",), exit_code, stdout, stderr, timedelta())


def test_cpu_is_in_percent_of_one_cpu_and_memory_in_percent_of_the_limit() -> None:
    assert stats_in(answer(STATS), "kodex-1") == (Measurement("cpu", 101.25), Measurement("memory", 12.5))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (answer("", 1, "Error: No such container: abc\n"), "docker stats on kodex-1 told nothing: Error: No such"),
        (answer(""), "docker stats on kodex-1 told nothing: exit code 0"),
        (answer("CONTAINER ID   NAME\n"), "told nothing: CONTAINER ID"),
        (answer("[]"), "told nothing"),
        (answer("[" * 100_000), "told nothing"),
        (answer('{"CPUPerc":"--","MemPerc":"--"}'), "docker stats on kodex-1 told no CPUPerc"),
        (answer('{"CPUPerc":"NaN%","MemPerc":"inf%"}'), "told no CPUPerc"),
    ],
)
def test_what_docker_does_not_tell_is_no_number(told: Completed, reason: str) -> None:
    cpu, memory = stats_in(told, "kodex-1")
    assert (cpu.value, memory.value) == (None, None)
    assert reason in cpu.unseen
    assert len(cpu.unseen) < 300


@pytest.mark.parametrize(
    ("told", "value", "reason"),
    [
        (answer("37, 1024\n"), 37.0, ""),
        (answer("0, 3\n 98, 20000\n12, 1\n"), 98.0, ""),
        (answer("[N/A], 100\n55, 3\n"), 55.0, ""),
        (answer("[N/A], [N/A]\n"), None, "nvidia-smi on kodex-1 told no number"),
        (answer(""), None, "told no number"),
        (answer("", 127), None, "kodex-1 has no nvidia-smi"),
        (answer("NVIDIA-SMI has failed because it couldn't talk to the driver\n", 9), None, "failed: NVIDIA-SMI has"),
    ],
)
def test_the_busiest_gpu_counts_and_a_host_without_one_says_so(
    told: Completed, value: float | None, reason: str
) -> None:
    measured = gpu_in(told, "kodex-1")
    assert measured.value == value
    assert reason in measured.unseen
