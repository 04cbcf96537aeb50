"""Secrets in logs: a service that prints one has given it to everybody who may read the log."""

from collections.abc import Collection

from guardrails.verdict import Finding, Verdict


def nothing_leaked(container: str, names: Collection[str]) -> Verdict:
    """Object to a log that holds the value of a secret; `names` are those of the values that were found in it."""
    return Verdict.of(
        Finding(
            rule="secret-in-log",
            subject=f"{container}: {name}",
            message=f"The value of {name} stands in the container's log.",
            remedy=f"Rotate {name}: issue a new value and revoke the old one. Then stop the program from printing it.",
        )
        for name in names
    )
