"""What an operator waived: the objection stays to be seen, with the reason, and does not block any more."""

from collections.abc import Mapping
from dataclasses import replace

from guardrails.mounts import within
from guardrails.verdict import Finding, Level


def waived(finding: Finding, path: str, reasons: Mapping[str, str]) -> Finding:
    """Turn an objection about a path of the container into a warning, where the path is waived."""
    reason = reason_for(path, reasons)
    if reason is None:
        return finding
    return replace(finding, level=min(finding.level, Level.WARNING), message=f"{finding.message} Waived: {reason}")


def reason_for(path: str, reasons: Mapping[str, str]) -> str | None:
    """Tell why a path may be lost: the reason given for it, or for the nearest directory above it."""
    above = [waived for waived in reasons if within(path, waived)]
    return reasons[max(above, key=len)] if above else None
