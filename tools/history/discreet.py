"""What goes into the tables passes the redactor on its way (P16), whoever writes it."""

import re
from typing import Any

from sqlalchemy import Engine, event

from tools.redaction import Redactor

_BYTE_BY_BYTE = re.compile(r"\b(?:FROM|INTO|UPDATE) (?:plans|deployments|releases|audit)\b")
"""Plans and what is deployed are carried out as people approved them, and releases as they were asked for; whoever
writes an audit entry or why a release was asked for or ended, redacts it first."""


def keep_secrets_out(engine: Engine, redactor: Redactor) -> None:
    """Let every text pass a redactor before it is written, and before it is looked for."""

    def masked(value: Any) -> Any:
        if isinstance(value, str):
            return redactor.redact_document(value)
        if isinstance(value, dict):
            return {name: masked(item) for name, item in value.items()}
        return type(value)(map(masked, value)) if isinstance(value, list | tuple) else value

    def write(*call: Any) -> tuple[str, Any]:
        _connection, _cursor, statement, parameters, _context, _many = call
        return statement, parameters if _BYTE_BY_BYTE.search(statement) else masked(parameters)

    event.listen(engine, "before_cursor_execute", write, retval=True)
