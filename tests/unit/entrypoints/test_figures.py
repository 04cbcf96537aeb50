import pytest

from agents.entrypoints import figures


@pytest.mark.parametrize(
    ("percent", "before", "told"),
    [
        (100, [], "100 %"),
        (87.5, [], "87.5 %"),
        (91.2, [("v1.0.0", 90.8)], "91.2 % (+0.4 since v1.0.0)"),
        (90, [("v1.1.0", 91.24), ("v1.0.0", 88)], "90 % (-1.2 since v1.1.0, last 3: 88, 91.2, 90)"),
        (91.21, [("v1.1.0", 91.24)], "91.2 % (unchanged since v1.1.0)"),
        (92, [("v1.1.0", 91)], "92 % (+1 since v1.1.0)"),
    ],
)
def test_coverage_is_told_beside_the_releases_before(
    percent: float, before: list[tuple[str, float]], told: str
) -> None:
    assert figures.trend(percent, before) == told
