"""A benchmark that would measure nothing is refused before it starts."""

import pytest

from tests.bench import fuzz
from tests.bench.__main__ import main


@pytest.mark.parametrize("rounds", ["0", "-1", "some", "1.5"])
def test_no_rounds_are_refused(rounds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["overhead", f"--rounds={rounds}"])
    assert ended.value.code == 2
    assert f"'{rounds}' is no number of rounds; write 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-3", "nan", "inf", "soon"])
def test_no_time_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fuzz.main([f"--seconds={seconds}"])
    assert ended.value.code == 2
    assert f"'{seconds}' is no time; write a number of seconds above 0" in capsys.readouterr().err
