"""Which images a host can run (P13: the wrong platform)."""

import pytest

from tools.fitting import Fit, fit_in


@pytest.mark.parametrize(
    ("answer", "runs"),
    [
        ("linux/amd64\nlinux/amd64\n", True),
        ("linux/amd64\nlinux/386\n", True),
        ("linux/arm64\nlinux/arm\n", True),
        ("linux/amd64\nlinux/arm64\n", False),
        ("linux/amd64\nlinux/arm64\nqemu-arm\nregister\nstatus\n", False),
        ("linux/amd64\nlinux/arm64\nqemu-aarch64\nregister\n", True),
        ("linux/arm64\nlinux/amd64\n", False),
        ("linux/amd64\nwindows/amd64\n", False),
        ("linux/amd64\n", True),
        ("linux/amd64\nregister\nstatus\n", True),
        ("linux/amd64\n/\n", True),
    ],
)
def test_what_a_host_can_run_is_told_from_both_platforms_and_its_emulators(answer: str, runs: bool) -> None:
    assert fit_in(answer).runs is runs


def test_what_is_not_there_fits() -> None:
    assert fit_in("linux/amd64\nregister\n") == Fit("linux/amd64", "", frozenset({"register"}))
