"""P20: the model only tightens. No gate takes an advice at all, and where verdicts meet, none gets less careful.

Advice could reach a gate in three ways: as an argument of a guardrail (there is no such type below `agents`), as a
field of the state that nodes decide by, or by a node that reads the words. Each way is closed here.
"""

import ast
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.state import State
from guardrails.gate import HostFacts, RepositoryFacts, gate, gate_by_repository
from guardrails.verdict import Finding, Level, Verdict

ROOT = Path(__file__).parents[2]
WRITERS = ("agents.narrator", "agents.words.claims", "agents.words.briefs", "agents.words.inquiry")
"""What speaks with the model, and what its answers are made of."""
READERS = {
    "agents/briefing.py": "puts the words beside the plan",
    "agents/pull_requests.py": "puts the words into the comment",
    "agents/notices.py": "writes the comment",
    "agents/escalator.py": "puts the analysis into the report",
    "agents/evidence.py": "prepares what the model may look at",
    "agents/toolbox.py": "holds the narrator",
    "agents/narrator.py": "is the narrator",
    "agents/entrypoints/wiring.py": "constructs the narrator",
    "agents/entrypoints/summarise.py": "prints a summary",
}

findings = st.builds(
    Finding,
    rule=st.sampled_from(["volume-kept", "secret", "advice"]),
    subject=st.text(max_size=5),
    message=st.text(max_size=5),
    remedy=st.text(max_size=5),
    level=st.sampled_from(Level),
)
verdicts = st.lists(findings, max_size=5).map(Verdict.of)


@given(fact=verdicts, advice=verdicts)
def test_advice_beside_a_fact_never_makes_a_verdict_less_careful(fact: Verdict, advice: Verdict) -> None:
    together = fact + advice
    assert together.level >= fact.level
    assert together.blocks >= fact.blocks
    assert set(fact.findings) <= set(together.findings)
    assert advice + fact == together


hosts = st.builds(
    HostFacts,
    name=st.sampled_from(["alpha", "beta"]),
    reachable=st.sampled_from([True, False, None]),
    free_bytes=st.none() | st.integers(0, 10),
    first_deploy=st.sampled_from([True, False, None]),
    previous_kept=st.sampled_from([True, False, None]),
)
LESS: dict[bool | None, tuple[bool | None, ...]] = {True: (True, False, None), False: (False,), None: (None,)}


@given(st.data(), hosts, st.sampled_from([True, False, None]))
def test_a_gate_opens_by_nothing_but_what_was_measured_well(data: st.DataObject, host: HostFacts, passed: bool) -> None:
    def opens(tests: bool | None, image: bool | None, minimum: int) -> bool:
        return gate(
            critical_passed=tests, images={"a": image}, hosts=(host,), minimum_free_bytes=minimum
        ).open  # fmt: skip

    image = data.draw(st.sampled_from([True, False, None]))
    doubtful = data.draw(st.sampled_from(LESS[passed])), data.draw(st.sampled_from(LESS[image]))
    assert opens(passed, image, 5) >= opens(*doubtful, 5 + data.draw(st.integers(0, 5)))


@given(
    st.sampled_from([True, False, None]),
    st.dictionaries(st.sampled_from("ab"), st.sampled_from([True, False, None])),
    st.text(max_size=3),
    st.sampled_from([True, False, None]),
    st.text(max_size=3),
)
def test_words_in_the_facts_of_a_gate_can_only_close_it(
    passed: bool | None, previous: dict[str, bool | None], fault: str, writable: bool | None, silence: str
) -> None:
    def opens(fault: str, silence: str) -> bool:
        seen = RepositoryFacts(previous=previous, fault=fault, writable=writable, silence=silence)
        return gate_by_repository(critical_passed=passed, images={"a": True}, seen=seen).open

    assert opens(fault, silence) <= opens("", "")


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(*places: str) -> list[Path]:
    return [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]


def test_nothing_that_decides_knows_what_a_model_writes() -> None:
    knowing = {
        str(path.relative_to(ROOT))
        for path in modules("agents", "guardrails", "tools", "config")
        if set(imports(path)) & set(WRITERS) and not path.is_relative_to(ROOT / "agents/words")
    }
    assert knowing == set(READERS) & knowing, sorted(knowing - set(READERS))


@pytest.mark.parametrize("path", ["agents/briefing.py", "agents/escalator.py", "agents/pull_requests.py"])
def test_whoever_holds_the_words_branches_on_nothing_in_them(path: str) -> None:
    """No condition looks into what the model said; whether it said anything is all that may be asked."""
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        tests = [node.test] if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert) else []
        tests += [node.subject] if isinstance(node, ast.Match) else []
        tests += node.ifs if isinstance(node, ast.comprehension) else []
        looked = {ast.unparse(part) for test in tests for part in ast.walk(test) if isinstance(part, ast.Attribute)}
        assert not [part for part in looked if part.startswith(("words.", "claim.", "draft.", "analysis."))], path


def test_no_node_remembers_a_word_of_the_model() -> None:
    """What nodes decide by is the state; it holds no key for words."""
    assert not {key for key in typing.get_type_hints(State) if key in {"words", "summary", "analysis", "advice"}}


def test_no_guardrail_takes_words() -> None:
    for path in modules("guardrails"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
                assert not set(ast.unparse(node.annotation).split()) & {"Words", "Claim", "Draft", "Narrator"}, path


def test_the_facts_of_the_gate_are_numbers_flags_and_faults() -> None:
    for kind in (HostFacts, RepositoryFacts):
        assert is_dataclass(kind)
        assert {field.name for field in fields(kind)}.isdisjoint({"advice", "opinion", "words", "summary"})
