"""What a run remembers of itself lies on disk without secrets (P16)."""

from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from tools.redaction import Redactor


class DiscreetSerializer(JsonPlusSerializer):
    """LangGraph's own serializer, behind the redactor.

    An exception is written as its text, which is all that LangGraph would read back. What is of a type that has
    texts inside is written with asterisks in place of a secret, so that lengths still fit.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Write a value without the secrets in it."""
        told = repr(obj) if isinstance(obj, BaseException) else obj
        kind, content = super().dumps_typed(self._redactor.redact_values(told))
        return kind, self._redactor.blanked(content)
