"""Linear's own description of what is used of its API: the emulator answers by it, and refuses what it does not know.

`schema.graphql` is a part of `packages/sdk/src/schema.graphql` of linear/linear (MIT). Made by
`python -m tests.emulators.linear.schema schema.graphql VERSION > tests/emulators/linear/schema.graphql`.
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from graphql import (
    DocumentNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    build_ast_schema,
    parse,
    print_ast,
)

FILE = Path(__file__).with_suffix(".graphql")
NOTICE = "# From linear/linear {version}, packages/sdk/src/schema.graphql, cut down; Copyright Linear, MIT.\n\n"
KEPT = {
    "Query": ("issue", "viewer"),
    "Mutation": ("issueUpdate", "attachmentCreate"),
    "Issue": ("id", "identifier", "title", "url", "state", "team", "attachments"),
    "Team": ("id", "key", "name", "states"),
    "WorkflowState": ("id", "name", "type"),
    "WorkflowStateConnection": ("nodes", "pageInfo"),
    "AttachmentConnection": ("nodes", "pageInfo"),
    "Attachment": ("id", "title", "subtitle", "url"),
    "PageInfo": ("hasNextPage", "endCursor"),
    "User": ("id", "name"),
    "IssuePayload": ("success", "issue"),
    "AttachmentPayload": ("success", "attachment"),
    "IssueUpdateInput": ("stateId", "title"),
    "AttachmentCreateInput": ("issueId", "title", "subtitle", "url", "id", "iconUrl", "groupBySource", "createAsUser"),
}
ARGUMENTS = ("id", "input", "first", "after", "last", "before")


def extract(whole: str, version: str) -> str:
    """Take the named types and fields out of the whole description, without prose."""
    kept = DocumentNode(definitions=tuple(_kept(parse(whole, no_location=True))))
    return NOTICE.format(version=version) + print_ast(kept) + "\n"


@cache
def schema() -> GraphQLSchema:
    """Read the part that was taken."""
    return build_ast_schema(parse(FILE.read_text(encoding="utf-8")))


def _kept(document: DocumentNode) -> Iterator[ObjectTypeDefinitionNode | InputObjectTypeDefinitionNode]:
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode | InputObjectTypeDefinitionNode) and node.name.value in KEPT:
            node.description, node.directives, node.interfaces = None, (), ()  # type: ignore[union-attr]
            names = KEPT[node.name.value]
            node.fields = tuple(_plain(field) for field in node.fields if field.name.value in names)
            yield node
        elif isinstance(node, ScalarTypeDefinitionNode):
            continue


def _plain(field: FieldDefinitionNode | InputValueDefinitionNode) -> FieldDefinitionNode | InputValueDefinitionNode:
    field.description, field.directives = None, ()
    if isinstance(field, FieldDefinitionNode):
        known = (one for one in field.arguments if one.name.value in ARGUMENTS)
        field.arguments = tuple(_plain(one) for one in known)  # type: ignore[misc]
    return field


if __name__ == "__main__":
    sys.stdout.write(extract(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2]))
