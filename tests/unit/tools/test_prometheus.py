"""The first value of a Prometheus answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import Garbled
from tools.prometheus import first_value


def answer(kind: str, result: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": result}}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (answer("vector", [{"metric": {}, "value": [1, "0.25"]}, {"metric": {}, "value": [1, "9"]}]), 0.25),
        (answer("scalar", [1, "3"]), 3.0),
        (answer("vector", [{"metric": {}, "value": [1, "+Inf"]}]), float("inf")),
        (answer("vector", [{"metric": {}, "value": [1, "NaN"]}]), None),
        (answer("scalar", [1, "NaN"]), None),
        (answer("vector", []), None),
    ],
)
def test_the_first_value_counts_and_nothing_or_nan_is_no_number(given: Any, value: float | None) -> None:
    assert first_value(given) == value


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer("matrix", []), "gives a matrix"),
        (answer("string", [1, "x"]), "gives a string"),
        (answer("vector", [{"value": []}]), "another form"),
        (answer("vector", [{"value": [1, "much"]}]), "another form"),
        (answer("scalar", [1, 10**400]), "another form"),
        ({"data": None}, "another form"),
        ([], "another form"),
    ],
)
def test_what_is_no_instant_vector_is_told(given: Any, reason: str) -> None:
    with pytest.raises(Garbled, match=reason):
        first_value(given)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["data", "result", "value"]), inner),
    max_leaves=8,
)


@given(json_values, st.sampled_from(["vector", "scalar", "matrix"]))
def test_any_answer_is_a_number_none_or_garbled(result: Any, kind: str) -> None:
    try:
        value = first_value(answer(kind, result))
    except Garbled:
        return
    assert value is None or isinstance(value, float)
