"""P15 `guard volumes SERVICE` prints the static verdict, and its exit code is the verdict."""

import io
import json

import pytest

from agents.entrypoints.guard_volumes import guard_volumes
from config.service import Service
from tools.compose_file import ComposeFile, ComposeService, Mount

SERVICE = Service.model_validate(
    {
        "service": "observer",
        "repository": {"url": "https://git.example/observer.git"},
        "components": {"observer": {"image": "ghcr.io/acme/observer", "compose_service": "web"}},
        "environments": {
            "production": {
                "target": {"hosts": [{"name": "alpha"}], "directory": "/srv/observer"},
                "health": {"probe": {"url": "http://127.0.0.1:8080/health"}},
                "paths": {"mounts": {"./data": "/app/data/observer"}, "persist": ["/app/data/observer"]},
            }
        },
    }
)
DATA = Mount("bind", "/srv/observer/data", "/app/data/observer")


def compose(*mounts: Mount) -> ComposeFile:
    return ComposeFile("observer", {"web": ComposeService("web", mounts=mounts)})


@pytest.mark.parametrize(
    ("mounts", "code", "rules"),
    [
        ((DATA,), 0, []),
        ((DATA, Mount("bind", "/mnt/x", "/x")), 0, ["bind-outside"]),
        ((), 1, ["mount-dropped", "persist-not-mounted"]),
    ],
)
async def test_the_json_tells_every_finding_and_the_exit_code_whether_it_blocks(
    mounts: tuple[Mount, ...], code: int, rules: list[str]
) -> None:
    out = io.StringIO()
    assert await guard_volumes(SERVICE, "production", compose(*mounts), as_json=True, out=out) == code
    told = json.loads(out.getvalue())
    assert [finding["rule"] for finding in told["findings"]] == rules
    assert told["blocks"] is bool(code)


async def test_how_mounts_are_written_is_judged_too() -> None:
    out, text = io.StringIO(), "services: {web: {volumes: ['~/data:/app/data/observer']}}"
    assert await guard_volumes(SERVICE, "production", compose(DATA), text, as_json=True, out=out) == 1
    assert [finding["rule"] for finding in json.loads(out.getvalue())["findings"]] == ["bind-in-home"]


async def test_the_text_says_what_is_wrong_and_the_way_out() -> None:
    out = io.StringIO()
    assert await guard_volumes(SERVICE, "production", compose(), as_json=False, out=out) == 1
    assert "blocking mount-dropped: The declared mount of ./data at /app/data/observer is gone." in out.getvalue()
    assert "Mount ./data at /app/data/observer" in out.getvalue()


async def test_the_text_of_a_sound_file_says_so() -> None:
    out = io.StringIO()
    assert await guard_volumes(SERVICE, "production", compose(DATA), as_json=False, out=out) == 0
    assert out.getvalue() == "observer in production: storage is kept.\n"
