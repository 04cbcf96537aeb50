"""Scalars of compose files that no limit could be compared with."""

import pytest

from tools.compose_values import cpus


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", float("nan")])
def test_a_number_of_cpus_is_a_number(text: str | float) -> None:
    with pytest.raises(ValueError, match="is not a number of CPUs"):
        cpus(text)
