"""The crew's graph as a Mermaid drawing: one line per edge, in the order of the nodes, the same on every machine."""

from collections.abc import Iterator, Mapping, Sequence


def mermaid(ways: Mapping[str, Sequence[str]], start: str) -> str:
    """Draw where each node may send a release; the last word of a path is the end."""
    return "\n".join(("flowchart TD", *(f"    {line}" for line in _lines(ways, start)))) + "\n"


def _lines(ways: Mapping[str, Sequence[str]], start: str) -> Iterator[str]:
    yield f"asked([asked]) --> {start}"
    for node, destinations in ways.items():
        for destination in destinations:
            yield f"{node} --> {'ended([ended])' if destination == '__end__' else destination}"
