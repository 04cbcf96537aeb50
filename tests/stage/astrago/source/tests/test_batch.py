from batch.work import PORTION, portions, status


def test_work_is_cut_into_portions_and_nothing_is_lost() -> None:
    cut = list(portions(range(250)))
    assert [len(portion) for portion in cut] == [PORTION, PORTION, 50]
    assert [number for portion in cut for number in portion] == list(range(250))


def test_the_size_of_a_portion_is_told() -> None:
    assert status("/status") == {"portion": PORTION}
    assert status("/") is None
