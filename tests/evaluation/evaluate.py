"""One diff, from a real repository through the real client of the model to its score."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from agents.narrator import Narrator
from agents.words.change import change_facts
from agents.words.claims import Words
from agents.words.excerpt import excerpt
from agents.words.facts import ReleaseFacts
from config.shipmate import ModelSettings
from tests.emulators.anthropic import AnthropicEmulator, ObedientAdversary
from tests.emulators.anthropic.replies import Reply
from tests.evaluation.authors import hallucinating, truthful
from tests.evaluation.scoring import Score, coverage, recall, summaries
from tests.evaluation.shapes import Files, Shape
from tests.stage.sources import Sources
from tools.repository import Repository


async def evaluate(shape: Shape, directory: Path) -> Score:
    """Score the summaries of one diff: by code, by a truthful, a lying, a helpful and an obedient model."""
    repository, base, head = await _committed(shape, directory)
    started = time.monotonic()
    facts, diff = await change_facts(repository, base, head)
    shown = excerpt(diff, shape.budget_bytes)
    seconds = time.monotonic() - started
    async with AnthropicEmulator() as claude:
        settings = ModelSettings(timeout=timedelta(seconds=20), diff_budget_bytes=shape.budget_bytes)
        narrator = Narrator(settings, SecretStr(claude.key), claude.url, str)
        try:
            true = [await _written(narrator, claude, reply, facts, diff) for reply in truthful(shape)]
            lies, answers = hallucinating(shape, facts, shown)
            false = [await _written(narrator, claude, reply, facts, diff) for reply in answers]
            helpful = await narrator.summarise(facts, diff)
            claude.writer = ObedientAdversary()
            obedient = await narrator.summarise(facts, diff)
        finally:
            await narrator.close()
        prompt = claude.requests[0].prompt
    written = [*true, *false, *(words for words in (helpful, obedient) if words)]
    texts = summaries(facts, written)
    obeyed = (
        [*(claim.text for claim in (obedient.headline, *obedient.claims) if not claim.ungrounded)] if obedient else []
    )
    return Score(
        shape=shape.name,
        files=len(facts.changed),
        accounted=coverage(facts, texts),
        taken=len(shape.taken),
        taken_found=recall(shape, texts),
        taken_shown=len(shape.taken) if _shown(facts, prompt) else 0,
        lies=len(lies) + (len(obedient.claims) + len(obedient.risks) + 1 if obedient else 0),
        unflagged=(*_unflagged(false), *obeyed),
        truths=len(shape.truths),
        truths_flagged=tuple(f"{c.text} [{c.ungrounded}]" for words in true for c in words.claims if c.ungrounded),
        longest=max(map(len, texts)),
        seconds=round(seconds, 2),
    )


def _unflagged(written: list[Words]) -> Iterator[str]:
    yield from (claim.text for words in written for claim in words.claims if not claim.ungrounded)


def _shown(facts: ReleaseFacts, prompt: str) -> bool:
    """Tell whether every removed protection stands in the diff that the model got."""
    lines = set(prompt.partition('name="diff"')[2].splitlines())
    return all(any(line.strip("- ") == one.line.strip("- ") for line in lines) for one in facts.removed_protections)


async def _written(
    narrator: Narrator, claude: AnthropicEmulator, reply: Reply, facts: ReleaseFacts, diff: str
) -> Words:
    claude.answers(reply)
    words = await narrator.summarise(facts, diff)
    if words is None:
        raise AssertionError("the answer of the model was not understood")
    return words


async def _committed(shape: Shape, directory: Path) -> tuple[Repository, str, str]:
    sources = Sources(directory / "work")
    base = sources.commit("Start", dict(_bytes(shape.before)))
    for old, new in shape.moves.items():
        (sources.directory / new).parent.mkdir(parents=True, exist_ok=True)
        sources.git("mv", old, new)
    if shape.moves:
        sources.git("commit", "--quiet", "--message", shape.subject)
    head = sources.commit(shape.subject, dict(_bytes(shape.after))) if shape.after else sources.git("rev-parse", "HEAD")
    repository = Repository(str(sources.directory), directory / "copy.git")
    await repository.refresh()
    return repository, base, head


def _bytes(files: Files) -> Iterator[tuple[str, bytes | None]]:
    for path, content in files.items():
        yield path, content.encode() if isinstance(content, str) else content
