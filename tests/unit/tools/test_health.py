from dataclasses import replace
from datetime import timedelta

import pytest

from config.contracts import Probe
from tools.former import slowest_tenth, typical
from tools.health import Answer, hopeless, unready, wrong
from tools.inspection import Container
from tools.watch import error_lines

REQUEST = Probe(url="http://127.0.0.1:8080/health", within=timedelta(seconds=3))
RUNNING = Container("id", "web", "web:v1", "sha256:1", "running")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, timedelta(seconds=1)), ""),
        (
            Answer(503, timedelta(seconds=1)),
            "GET http://127.0.0.1:8080/health answered 503 instead of 200",
        ),
        (
            Answer(200, timedelta(seconds=3.5)),
            "GET http://127.0.0.1:8080/health took 3.50 s (limit 3 s)",
        ),
        (
            Answer(None, timedelta(), error="no answer within 3 s"),
            "GET http://127.0.0.1:8080/health: no answer within 3 s",
        ),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_in_words(answer: Answer, words: str) -> None:
    assert wrong(answer, REQUEST) == words


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (RUNNING, ""),
        (replace(RUNNING, status="created"), ""),
        (replace(RUNNING, health="starting"), ""),
        (replace(RUNNING, status="exited", exit_code=137), "the container exited with code 137"),
        (replace(RUNNING, status="exited"), "the container exited with code 0"),
        (
            replace(RUNNING, status="restarting", restarts=1, exit_code=2),
            "the container keeps restarting (restarts: 1, last exit code 2)",
        ),
        (replace(RUNNING, restarts=1), "the container keeps restarting (restarts: 1)"),
        (replace(RUNNING, status="dead"), "the container is dead"),
        (replace(RUNNING, status="paused"), "the container is paused"),
        (replace(RUNNING, health="unhealthy"), "the container's health check reports unhealthy"),
    ],
)
def test_waiting_is_given_up_at_once_where_it_is_useless(now: Container, words: str) -> None:
    assert hopeless(RUNNING, now) == words


def test_restarts_from_before_the_wait_do_not_count() -> None:
    restarted = replace(RUNNING, restarts=3)
    assert hopeless(restarted, restarted) == ""


@pytest.mark.parametrize(
    ("container", "words"),
    [
        (None, "there is no container"),
        (replace(RUNNING, status="created"), "the container is only created"),
        (replace(RUNNING, health="starting"), "the health check of the container is still starting"),
        (RUNNING, ""),
        (replace(RUNNING, health="healthy"), ""),
    ],
)
def test_what_a_container_still_lacks_is_said(container: Container | None, words: str) -> None:
    assert unready(container) == words


def test_error_lines_are_counted_by_line() -> None:
    log = "INFO fine\nERROR one ERROR\nnoerror\nTraceback (most recent call last)\n"
    assert error_lines(log, r"\b(ERROR|Traceback)\b") == 2


def test_the_typical_latency_is_the_median_and_nothing_has_none() -> None:
    found = typical([timedelta(milliseconds=ms) for ms in (10, 900, 20)])
    assert found
    assert (found.latency, found.answers) == (timedelta(milliseconds=20), 3)
    assert typical([]) is None


@pytest.mark.parametrize(("answers", "slow"), [(19, None), (20, 18), (21, 19), (40, 36)])
def test_the_slowest_tenth_begins_where_nine_of_ten_answers_end_and_few_answers_have_none(
    answers: int, slow: int | None
) -> None:
    found = slowest_tenth([timedelta(milliseconds=number + 1) for number in reversed(range(answers))])
    assert found == (None if slow is None else timedelta(milliseconds=slow))
