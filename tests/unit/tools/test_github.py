"""What GitHub answers, refuses or garbles becomes a value or one of our errors."""

from json import JSONDecodeError

import pytest
import requests
from github import BadCredentialsException, GithubException, RateLimitExceededException, UnknownObjectException
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import Denied, Garbled, NotFound, ToolError, Unreachable
from tools.github import LONGEST_BODY, GithubAccess, marked, marker
from tools.github_changes import tree_changes
from tools.github_refusals import Collided, Limited, translated

ERRORS: list[tuple[Exception, type[ToolError]]] = [
    (RateLimitExceededException(403), Limited),
    (GithubException(429), Limited),
    (BadCredentialsException(401), Denied),
    (UnknownObjectException(404), NotFound),
    (GithubException(401), Denied),
    (GithubException(403), Denied),
    (GithubException(409), Collided),
    (GithubException(422), Collided),
    (GithubException(502), Unreachable),
    (requests.ConnectionError(), Unreachable),
    (requests.ReadTimeout(), Unreachable),
    (requests.exceptions.JSONDecodeError("no", "<html>", 0), Garbled),
    (JSONDecodeError("no", "<html>", 0), Garbled),
    (AssertionError("other host"), Garbled),
    (TypeError("None"), Garbled),
]


@pytest.mark.parametrize(
    ("raised", "meaning"), ERRORS, ids=[f"{type(e).__name__}-{n}" for n, (e, _) in enumerate(ERRORS)]
)
def test_every_error_of_the_library_becomes_one_of_ours(raised: Exception, meaning: type[ToolError]) -> None:
    error = translated("Looking", raised)
    assert type(error) is meaning
    assert error.happened.startswith("Looking: GitHub")
    assert "goes on without it" in error.standing


def test_the_token_is_not_in_the_repr() -> None:
    token = "gh" + "p_" + "x" * 36
    assert token not in repr(GithubAccess(token))


@given(st.text(max_size=200), st.integers(0, 700))
def test_a_comment_fits_and_begins_with_its_marker(body: str, times: int) -> None:
    text = marked("summary", body * times)
    assert len(text) <= LONGEST_BODY
    assert text.startswith(marker("summary"))


def test_a_comment_that_was_cut_says_so() -> None:
    assert marked("summary", "x" * LONGEST_BODY).endswith("did not fit into one comment.*\n")


TREES = st.dictionaries(st.sampled_from([f"d/{n}" for n in range(8)]), st.sampled_from("abcd"), max_size=8)


@given(TREES, TREES)
def test_the_changes_between_two_trees_lead_from_one_to_the_other(older: dict[str, str], newer: dict[str, str]) -> None:
    changes = tree_changes(older, newer)
    rebuilt = dict(older)
    for change in changes:
        if change.status == "deleted":
            del rebuilt[change.path]
        if change.previous_path is not None:
            assert older[change.previous_path] == newer[change.path]
            del rebuilt[change.previous_path]
    for change in changes:
        if change.status != "deleted":
            rebuilt[change.path] = newer[change.path]
    assert rebuilt == newer
    assert list(changes) == sorted(changes, key=lambda change: change.path)


@given(TREES)
def test_equal_trees_have_no_changes(tree: dict[str, str]) -> None:
    assert tree_changes(tree, tree) == ()
