"""What nobody should let a release bot near: deploy keys and secrets. Only whether they may be read matters here."""

from tests.emulators.github.calls import Answer, Call, Route


def keys(call: Call) -> Answer:
    """GET keys: none."""
    del call
    return Answer([])


def secrets(call: Call) -> Answer:
    """GET actions/secrets: none."""
    del call
    return Answer({"total_count": 0, "secrets": []}, listed="secrets")


ROUTES: tuple[Route, ...] = (("GET", "/keys", keys), ("GET", "/actions/secrets", secrets))
