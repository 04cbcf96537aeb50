from monitor.limits import LIMITS


def test_every_limit_is_positive() -> None:
    assert all(limit > 0 for limit in LIMITS.values())
