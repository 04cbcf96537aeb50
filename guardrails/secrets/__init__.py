"""No hardcoded secrets: every secret-named key of a deploy file holds a reference (P14)."""

from guardrails.secrets.allowances import Allowance, idle_allowances
from guardrails.secrets.formats import Format, format_of
from guardrails.secrets.objections import Objection
from guardrails.secrets.reading import secret_uses, unsealed
from guardrails.secrets.rule import objections
from guardrails.secrets.uses import Seal, SecretUse, State

__all__ = [
    "Allowance",
    "Format",
    "Objection",
    "Seal",
    "SecretUse",
    "State",
    "format_of",
    "idle_allowances",
    "objections",
    "secret_uses",
    "unsealed",
]
