"""What the registry holds after releases and rollbacks that were verified."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from langgraph.runtime import Runtime

from agents.state import State
from agents.toolbox import Toolbox
from agents.verifier import verify
from guardrails.plan import to_json
from tests.contract.histories import history, opened
from tests.unit.agents.test_draft import IMAGES, SERVICE, WANTED, drawn
from tests.unit.agents.test_survey import answering
from tools.history import Store
from tools.history.releases import Outcome


async def verified(store: Store, number: int, kind: str, version: str) -> None:
    """Let a release or a rollback be found well."""
    await opened(store, number, kind=kind, version=version)
    images = {name: {**image, "digest": f"{name} {version}"} for name, image in IMAGES.items()}
    plan = replace(drawn(replace(WANTED, version=version, images=images)), steps=())
    await store.decisions.save_plan(f"r{number}", "digest", to_json(plan))
    tools = SimpleNamespace(
        store=store,
        environment=SERVICE.environments["production"],
        plan=answering(plan),
        report=answering(None),
        cancelled_by=answering(None),
    )
    state = cast("State", {"release": f"r{number}", "kind": kind})
    await verify(state, runtime=Runtime(context=cast("Toolbox", tools)))
    await store.releases.finish(f"r{number}", Outcome.SUCCEEDED, "")


@pytest.mark.parametrize(
    ("history_", "current", "previous"),
    [
        ("+v1 +v2", "v2", "v1"),
        ("+v1 +v2 +v2", "v2", "v1"),
        ("+v1 +v2 -v1", "v1", None),
        ("+v1 +v2 +v3 -v2", "v2", "v1"),
        ("+v1 +v2 +v3 -v2 -v1", "v1", None),
        ("+v1 +v2 -v2", "v2", "v1"),
        ("+v1 +v2 +v3 -v2 +v4", "v4", "v2"),
    ],
)
async def test_the_version_before_is_the_one_that_a_rollback_may_go_to(
    tmp_path: Path, history_: str, current: str, previous: str | None
) -> None:
    async with history(tmp_path) as store:
        for number, step in enumerate(history_.split(), start=1):
            await verified(store, number, "deploy" if step[0] == "+" else "rollback", step[1:])
        known = (await store.deployments.of("observer", "production"))["api"]
    assert known.current
    assert known.current["version"] == current
    assert (known.previous or {}).get("version") == previous
