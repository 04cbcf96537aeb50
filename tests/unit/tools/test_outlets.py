"""P16: what a process writes by itself holds no secret, also where it is written piece by piece."""

import io
import logging

from hypothesis import given
from hypothesis import strategies as st

from tools.outlets import Outlet, RedactingFormatter
from tools.redaction import Redactor

SECRET = "Harbor!2345Zinc"


def knowing(*values: str) -> Redactor:
    redactor = Redactor()
    for value in values:
        assert redactor.register("S", value) is None
    return redactor


@given(st.text(st.sampled_from("Ha x\n"), max_size=12), st.text(max_size=12), st.data())
def test_chunks_of_any_size_hide_a_secret_and_lose_nothing_else(before: str, after: str, data: st.DataObject) -> None:
    behind, redactor = io.StringIO(newline=""), knowing(SECRET)
    outlet, text = Outlet(behind, redactor), before + SECRET + after
    at = 0
    while at < len(text):
        size = data.draw(st.integers(1, 6))
        outlet.write(text[at : at + size])
        outlet.flush()
        at += size
    outlet.close()
    assert behind.getvalue() == redactor.redact(text)
    assert SECRET not in behind.getvalue()


def test_a_line_is_shown_when_it_ends_and_a_prompt_when_it_is_flushed() -> None:
    behind = io.StringIO()
    outlet = Outlet(behind, knowing(SECRET))
    print("done", file=outlet)
    assert behind.getvalue() == "done\n"
    print("Sure? ", end="", file=outlet, flush=True)
    assert behind.getvalue() == "done\nSure? "


def test_another_redactor_may_join_later_and_only_once() -> None:
    behind, other = io.StringIO(), knowing("Meadow-6789-Quartz")
    outlet = Outlet(behind, knowing(SECRET))
    outlet.also(other)
    outlet.also(other)
    outlet.write(f"{SECRET} Meadow-6789-Quartz\n")
    assert behind.getvalue() == "[redacted:S] [redacted:S]\n"


def test_a_log_line_is_redacted_after_arguments_and_exceptions_are_rendered() -> None:
    formatter = RedactingFormatter(knowing(SECRET), logging.Formatter("%(levelname)s %(message)s"))
    error = ValueError(SECRET)
    info = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "login with %s failed", (SECRET,), info)
    line = formatter.format(record)
    assert line.startswith("ERROR login with [redacted:S] failed")
    assert "ValueError: [redacted:S]" in line
    assert SECRET not in line + (record.exc_text or "")
