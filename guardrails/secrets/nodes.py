"""The tree that YAML and JSON have in common, and its growth without recursion."""

from dataclasses import dataclass, field

DEEPEST = 100


class Unparsed(Exception):
    """The text is not of the format that its name promises."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar; `block` is its raw text over several lines where the format has that."""

    text: str
    line: int
    block: str | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping: (key, key's line, node)."""

    entries: tuple[tuple[str, int, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    items: tuple["Node", ...]


Node = Leaf | Branch | Items


@dataclass(slots=True)
class Growing:
    """A container that is still being filled."""

    mapping: bool
    anchor: str | None = None
    key: tuple[str, int] | None = None
    entries: list[tuple[str, int, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    def closed(self) -> Node:
        """Return the finished container."""
        return Branch(tuple(self.entries)) if self.mapping else Items(tuple(self.items))

    def add(self, node: Node) -> None:
        """Take the next item, key or value; a key that is no text has no name."""
        if not self.mapping:
            self.items.append(node)
        elif self.key is not None:
            self.entries.append((*self.key, node))
            self.key = None
        else:
            self.key = (node.text, node.line) if isinstance(node, Leaf) else ("", 0)
