"""What goes into the tables passes the redactor on its way (P16), whoever writes it."""

from typing import Any

from sqlalchemy import Engine, event

from tools.redaction import Redactor

BYTE_BY_BYTE = frozenset({"plans", "deployments", "audit"})
"""Plans and what is deployed are carried out as people approved them; the audit redacts before it seals its entries."""


def keep_secrets_out(engine: Engine, redactor: Redactor) -> None:
    """Let every text pass a redactor before it is written."""

    def masked(value: Any) -> Any:
        if isinstance(value, str):
            return redactor.redact_document(value)
        if isinstance(value, dict):
            return {name: masked(item) for name, item in value.items()}
        return type(value)(map(masked, value)) if isinstance(value, list | tuple) else value

    def write(*call: Any) -> tuple[str, Any]:
        _connection, _cursor, statement, parameters, context, _many = call
        return statement, masked(parameters) if _writes_texts(context) else parameters

    event.listen(engine, "before_cursor_execute", write, retval=True)


def _writes_texts(context: Any) -> bool:
    compiled = context.compiled if context and (context.isinsert or context.isupdate) else None
    return compiled is not None and compiled.statement.table.name not in BYTE_BY_BYTE
