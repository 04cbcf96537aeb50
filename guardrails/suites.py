"""What the results of all suites mean together."""

from collections.abc import Iterable
from typing import Literal

from tools.suites import SuiteResult

Combined = Literal["passed", "warning", "failed"]


def combined(results: Iterable[SuiteResult]) -> Combined:
    """Tell `failed` when a critical suite failed, `warning` when only warning suites did, else `passed`.

    An outcome that nobody knows counts as failed.
    """
    outcomes = {str(result.outcome) for result in results}
    if outcomes - {"passed", "warning", "skipped"}:
        return "failed"
    return "warning" if "warning" in outcomes else "passed"
