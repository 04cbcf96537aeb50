"""The architecture document draws the graph as it is."""

import re
from pathlib import Path

from agents.drawing import mermaid
from agents.graph import NODES, crew_graph

DOCUMENT = Path(__file__).parents[2] / ".github" / "ARCHITECTURE.md"


def drawing() -> str:
    return mermaid({name: destinations for name, (_, destinations) in NODES.items()}, start="analyze")


def test_the_document_contains_the_drawing_exactly() -> None:
    assert f"```mermaid\n{drawing()}```" in DOCUMENT.read_text(), f"Put this into {DOCUMENT}:\n{drawing()}"


def test_the_drawing_shows_every_way_of_the_compiled_graph_and_no_other() -> None:
    compiled = {
        (edge.source.strip("_"), edge.target.strip("_"))
        for edge in crew_graph().get_graph().edges
        if "error_handler" not in edge.source + edge.target
    }
    drawn = {
        (source, re.sub(r"\(.*", "", target))
        for source, target in re.findall(r"^ {4}(\w+)(?:\(\[\w+\]\))? --> (\S+)$", drawing(), re.MULTILINE)
    }
    names = {"asked": "start", "ended": "end"}
    assert {(names.get(source, source), names.get(target, target)) for source, target in drawn} == compiled
