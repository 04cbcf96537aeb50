from core.questions import HOUSES, answer


def test_the_houses_are_told() -> None:
    assert answer("/houses") == {"houses": list(HOUSES)}


def test_nothing_else_is_known() -> None:
    assert answer("/nothing") is None
