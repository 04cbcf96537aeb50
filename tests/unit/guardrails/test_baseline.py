"""P18: a service that was failing before is told apart from one that the release broke."""

import pytest

from guardrails.baseline import Standing, blame, failing_before

WELL = Standing("observer@web-1", "running", "healthy", 0)


@pytest.mark.parametrize(
    ("part", "faults", "signs"),
    [
        (WELL, (), ()),
        (Standing("observer@web-1"), (), ()),
        (Standing("observer@web-1", health="starting", restarts=2), (), ()),
        (Standing("observer@web-1", health="unhealthy"), (), ("observer@web-1 was unhealthy",)),
        (Standing("observer@web-1", "restarting"), (), ("observer@web-1 was restarting",)),
        (Standing("observer@web-1", "exited", "unhealthy"), (), ("observer@web-1 was exited",)),
        (Standing("observer@web-1", restarts=3), (), ("observer@web-1 had restarted 3 times",)),
        (WELL, ("GET /health answered 503 instead of 200",), ("GET /health answered 503 instead of 200",)),
    ],
)
def test_p18_health_restarts_and_answers_are_signs(
    part: Standing, faults: tuple[str, ...], signs: tuple[str, ...]
) -> None:
    assert failing_before([part], faults) == signs


def test_p18_what_was_failing_before_changes_the_blame() -> None:
    assert blame(None) == ""
    assert blame([]) == "The service was well before this release touched it."
    told = blame(["observer@web-1 was unhealthy", "GET /health answered 503"])
    assert told.startswith("The service was failing before this release touched it, so the release need not be the")
    assert "observer@web-1 was unhealthy; GET /health answered 503" in told
