"""P19: the summary without a model has every section, counts every file, and says what was not run."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.words.claims import Claim, Words
from agents.words.differences import Difference, Sort
from agents.words.facts import ImageFact, ReleaseFacts, SuiteFact, by_category
from agents.words.foreign import prose
from agents.words.kinds import folded
from agents.words.patch import RemovedProtection
from agents.words.summary import MOST_BULLETS, MOST_LINES, ROOM, markdown, plain
from guardrails.verdict import Finding
from tests.evaluation.accounting import accounted
from tools.changes import ChangedFile, Commit, Status
from tools.github import PullRequest

TITLES = (
    "What and why",
    "Taken away",
    "Risk",
    "Migrations",
    "How it runs",
    "Dependencies",
    "Tests",
    "Findings",
    "Way back",
    "Commits",
    "Files",
    "Not looked at",
)
EMPTY = ReleaseFacts(to_version="v1.2.3", to_commit="a" * 40)
FACTS = ReleaseFacts(
    service="observer",
    environment="production",
    from_version="v1.2.2",
    from_commit="b" * 40,
    to_version="v1.2.3",
    to_commit="a" * 40,
    commits=(Commit("a" * 40, "ben", "Expose counters (#7)", "", datetime(2026, 1, 1, tzinfo=UTC), 7),),
    pull_request=PullRequest(7, "Expose counters", "For Prometheus.", "ben", "https://github.example/7"),
    files=by_category(
        [ChangedFile("src/server.py", "modified", None, 3, 1), ChangedFile("logo.png", "added", binary=True)]
    ),
    migrations=("migrations/1.sql",),
    differences=(Difference(Sort.REMOVED, "observer", "health check"),),
    removed_protections=(RemovedProtection("Dockerfile", "least privilege", "USER qts"),),
    tests=(SuiteFact("unit", "passed", 15, 99.5),),
    not_run={"e2e": "only the back end changed"},
    findings=(Finding("port-public", "observer", "It is published.", "Publish it privately."),),
    images=(ImageFact("observer", "ghcr.io/acme/observer:v1.2.3", 50_000_000, 48_000_000),),
    rollback="v1.2.2 is kept on every host",
)


@pytest.mark.parametrize("facts", [EMPTY, FACTS])
def test_p19_every_section_is_there_with_something_in_it(facts: ReleaseFacts) -> None:
    titles = (section.title.partition(":")[0] for section in plain(facts))
    assert tuple(title for title in titles if title != "Images") == TITLES
    assert all(section.lines and all(section.lines) for section in plain(facts))


@pytest.mark.parametrize(
    "sentence",
    [
        "From v1.2.2 to v1.2.3: 1 commit, 2 files, +3 -1 lines, 2 removals.",
        "observer: health check removed",
        "Dockerfile: least privilege removed: USER qts",
        "migrations/1.sql",
        "Ran: unit passed, 15 tests, coverage 100 %",
        "Not run: e2e: only the back end changed",
        "port-public: observer - It is published.",
        "observer: 50.0 MB (+2.0 MB)",
        "v1.2.2 is kept on every host",
        "Pull request 7 by ben: Expose counters",
        "modified src/server.py +3 -1",
        "added logo.png binary",
    ],
)
def test_p19_each_fact_is_told(sentence: str) -> None:
    assert sentence in [line for section in plain(FACTS) for line in section.lines]


def test_p19_without_tests_the_summary_says_so() -> None:
    assert "- No test was run for this summary." in markdown(EMPTY)


def test_p19_without_a_model_the_summary_says_so() -> None:
    assert markdown(FACTS).endswith("no model took part.*\n")


@given(st.sets(st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}\.(py|tsx|sql|md)", fullmatch=True), max_size=MOST_LINES * 3))
def test_p19_every_changed_file_is_counted_even_where_it_is_not_listed(paths: set[str]) -> None:
    facts = ReleaseFacts("v2", "a" * 40, files=by_category(ChangedFile(path, "modified") for path in paths))
    (section,) = [section for section in plain(facts) if section.title == "Files"]
    listed = [line for line in section.lines if line.startswith("modified ")]
    more = sum(int(line.split()[1]) for line in section.lines if line.startswith("and "))
    assert len(listed) + more == len(paths)


def test_hidden_characters_are_told_and_shown() -> None:
    commit = Commit("c" * 40, "eve", "fix\u202etxt", "", datetime(2026, 1, 1, tzinfo=UTC))
    text = markdown(ReleaseFacts("v2", "a" * 40, commits=(commit,)))
    assert "Hidden characters" in text
    assert r"fix\[U+202E\]txt" in text


def test_foreign_words_do_nothing_on_github() -> None:
    commit = Commit(
        "c" * 40, "eve", "@everyone closes #1 ![x](https://e.example) `", "", datetime(2026, 1, 1, tzinfo=UTC)
    )
    text = markdown(ReleaseFacts("v2", "a" * 40, commits=(commit,)))
    assert f"- `cccccccccccc` {prose(commit.subject)} (eve)" in text
    assert not any(acts in text for acts in ("@everyone", "#1", "![x]", "https://e.example"))


def words(*claims: Claim, headline: str = "Counters for @everyone.", risks: tuple[Claim, ...] = ()) -> Words:
    return Words("claude-x", Claim(headline, ()), claims, risks)


def test_the_words_of_a_model_are_labelled_and_do_nothing() -> None:
    text = markdown(FACTS, words(Claim("Counters are exposed.", ("src/server.py",))))
    assert "- Counters are exposed. *(`claude-x`)*" in text
    assert "@everyone" not in text
    assert "Lines marked `claude-x` were written by a model from texts nobody has checked" in text


def test_what_the_change_does_not_back_stands_apart_with_the_reason() -> None:
    unbacked = Claim("All is safe.", (), "names no file")
    text = markdown(FACTS, words(unbacked, risks=(Claim("It drops tables.", (), "not in this change: x"),)))
    before, _, after = text.partition("Said by the model and not backed by the change: 2")
    assert "All is safe." not in before
    assert "It drops tables." not in before
    assert "- All is safe. **(not backed by the change: names no file)**" in after


@given(st.integers(0, 12))
def test_what_and_why_are_at_most_five_bullets(claims: int) -> None:
    said = words(*(Claim(f"Claim {number}.", ("src/server.py",)) for number in range(claims)))
    for text in (markdown(FACTS, said), markdown(FACTS)):
        section = text.partition("### What and why\n")[2].partition("\n\n")[0]
        assert 1 <= section.count("\n- ") + 1 <= MOST_BULLETS


PLACES = st.sampled_from(["a/b/c/d/e", "src/observer", "vendor/x", "deploy", "web/src/components/buttons", ""])
NAMES = st.from_regex(r"[a-z`@<]{1,60}\.(py|sql|lock)", fullmatch=True)
FILES = st.dictionaries(
    st.tuples(PLACES, NAMES).map("/".join), st.sampled_from(["added", "modified", "deleted"]), min_size=1, max_size=60
)


@given(FILES, st.integers(1, 60), st.integers(5_000, 70_000))
def test_p19_p24_every_file_is_accounted_for_within_any_room(named: dict[str, Status], copies: int, room: int) -> None:
    files = [
        ChangedFile(f"{copy}/{path}" if copy else path, status)
        for path, status in named.items()
        for copy in range(copies)
    ]
    by_machine = folded(file.path for file in files)
    facts = ReleaseFacts("v2", "a" * 40, files=by_category(files), folded=by_machine)
    text = markdown(facts, room=room)
    assert len(text) <= room
    section = text.partition("### Files\n")[2].partition("### Not looked at")[0]
    assert accounted(section, files) == len(files)


def test_p24_a_summary_of_everything_at_once_stays_within_what_github_takes() -> None:
    files = [ChangedFile(f"{'d' * 80}/{n}/{'f' * 80}.py", "deleted", deleted=1) for n in range(6_000)]
    gone = tuple(RemovedProtection(f"k8s/{n}.yml", "health check", "livenessProbe: " + "x" * 150) for n in range(500))
    facts = ReleaseFacts(
        "v2",
        "a" * 40,
        files=by_category(files),
        removed_protections=gone,
        risks=tuple("r" * 300 for _ in range(500)),
        settings=tuple(Difference(Sort.ADDED, f"f{n}", "key " + "k" * 150) for n in range(500)),
        findings=tuple(Finding("rule", f"s{n}", "m" * 300, "r") for n in range(500)),
    )
    text = markdown(facts, words(*(Claim("c" * 600, ("x",), "ungrounded") for _ in range(20))))
    assert len(text) <= ROOM
    assert "500 removals in 500 places" in text
    assert "6000 files deleted" in text


def test_p19_suites_that_did_not_run_are_counted_where_there_is_no_room_to_name_them() -> None:
    text = markdown(ReleaseFacts("v2", "a" * 40, not_run={f"{n} {'long ' * 40}": "why " * 50 for n in range(200)}))
    assert len(text) <= ROOM
    assert "more not run" in text


def test_names_of_others_are_code_and_our_own_words_are_not() -> None:
    text = markdown(FACTS)
    for line in (
        "- `observer`: health check removed",
        "- `Dockerfile`: least privilege removed: `USER qts`",
        "- `migrations/1.sql`",
        "- protections or settings are taken away: 2",
        "- `port-public`: `observer` - It is published.",
    ):
        assert f"{line}\n" in text


def test_the_json_says_what_the_markdown_says_in_words() -> None:
    document = FACTS.as_json()
    (risks,) = [section.lines for section in plain(FACTS) if section.title.startswith("Risk")]
    assert document["risks"] == list(risks)
    assert document["removals"] == list(FACTS.removals)
    assert [one["sort"] for one in document["differences"]] == ["removed"]
