"""Where a push to kodex goes by itself, by the settings that ship."""

from pathlib import Path

import pytest

from agents.triggers import Due, consequences
from config.loading import load
from tools.github_events import Pushed, Tagged

SERVICES = load(Path(__file__).parents[3] / "config/shipmate.yaml", {}).services
REPOSITORY = "acme/kodex"


@pytest.mark.parametrize(
    ("event", "environments"),
    [
        (Pushed(REPOSITORY, "main", "ana"), ["staging"]),
        (Pushed(REPOSITORY, "develop", "ana"), []),
        (Pushed(REPOSITORY, "feature/voices", "ana"), []),
        (Pushed(REPOSITORY, "fix/main", "ana"), []),
        (Tagged(REPOSITORY, "v1.0.0", "ana"), ["production"]),
        (Tagged(REPOSITORY, "v1.0", "ana"), []),
        (Tagged(REPOSITORY, "nightly", "ana"), []),
    ],
)
def test_main_goes_to_staging_a_version_to_production_and_nothing_else_anywhere(
    event: Pushed | Tagged, environments: list[str]
) -> None:
    found = consequences(event, SERVICES)
    assert [due.environment for due in found if isinstance(due, Due)] == environments
