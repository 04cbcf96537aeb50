"""What a container uses, measured on real hosts."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from config.contracts import Watch
from tests.contract.tools.web import Site
from tools.containers import Containers
from tools.hosts import Host
from tools.local import LocalHost
from tools.watch import measure

Make = Callable[..., Site]
WATCH = Watch(cpu_percent=90, memory_percent=90)


async def test_a_busy_container_is_told_apart_from_an_idle_one(host: Host, site: Make) -> None:
    seen = {}
    for name, script in {"busy": "while :; do :; done", "idle": "sleep 999"}.items():
        place = site(command=["sh", "-c", script], deploy={"resources": {"limits": {"cpus": "0.8", "memory": "64M"}}})
        await place.start(host)
        found = await Containers(host).find(place.project, "web")
        assert found
        seen[name] = {one.name: one for one in await measure(host, found.id, WATCH)}
    assert (seen["busy"]["cpu"].value or 0) > 20
    assert seen["idle"]["cpu"].value is not None
    assert seen["idle"]["cpu"].value < 20
    memory = seen["idle"]["memory"].value
    assert memory is not None
    assert 0 < memory < 50


async def test_a_container_that_is_gone_gives_a_reason_and_no_number(host: Host) -> None:
    cpu, memory = await measure(host, "0" * 64, WATCH)
    assert (cpu.value, memory.value) == (None, None)
    assert f"docker stats on {host.name} told nothing" in cpu.unseen


async def test_where_looks_follow_quickly_only_what_has_a_limit_is_measured(host: Host) -> None:
    hurried = timedelta(seconds=1)
    assert await measure(host, "0" * 64, Watch(every=hurried)) == ()
    found = await measure(host, "0" * 64, Watch(every=hurried, memory_percent=50))
    assert [one.name for one in found] == ["memory"]


async def test_what_a_container_uses_is_measured_without_a_limit_where_looks_leave_the_time(host: Host) -> None:
    assert [one.name for one in await measure(host, "0" * 64, Watch())] == ["cpu", "memory"]


@pytest.mark.parametrize(
    ("script", "value", "reason"),
    [
        ("echo '12, 300'; echo '97, 20000'", 97.0, ""),
        ("echo 'NVIDIA-SMI has failed' >&2; exit 9", None, "nvidia-smi on gpu-1 failed: NVIDIA-SMI has failed"),
        (None, None, "gpu-1 has no nvidia-smi"),
    ],
)
async def test_the_gpu_is_asked_through_nvidia_smi(
    tmp_path: Path, script: str | None, value: float | None, reason: str
) -> None:
    if script is not None:
        wanted = "[ \"$*\" = '--query-gpu=utilization.gpu,memory.used --format=csv,noheader,nounits' ] || exit 64"
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{wanted}\n{script}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    there = LocalHost("gpu-1", {"PATH": f"{tmp_path}:{os.defpath}"})
    (gpu,) = await measure(there, "0" * 64, Watch(every=timedelta(seconds=1), gpu_percent=95))
    assert (gpu.value, gpu.unseen) == (value, reason)
