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
        if isinstance(node, ObjectTypeDefinitionNode) and node.name.value in KEPT:
            node.interfaces = ()
            node.fields = tuple(_field(one) for one in node.fields if one.name.value in KEPT[node.name.value])
        elif isinstance(node, InputObjectTypeDefinitionNode) and node.name.value in KEPT:
            node.fields = tuple(_value(one) for one in node.fields if one.name.value in KEPT[node.name.value])
        else:
            continue
        node.description, node.directives = None, ()
        yield node


def _field(field: FieldDefinitionNode) -> FieldDefinitionNode:
    field.description, field.directives = None, ()
    field.arguments = tuple(_value(one) for one in field.arguments if one.name.value in ARGUMENTS)
    return field


def _value(value: InputValueDefinitionNode) -> InputValueDefinitionNode:
    value.description, value.directives = None, ()
    return value


if __name__ == "__main__":
    sys.stdout.write(extract(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2]))
