"""Releases."""

from tests.emulators.github import shapes
from tests.emulators.github.calls import Answer, Call, Refusal, Route, found
from tests.emulators.github.world import Release


def releases(call: Call) -> Answer:
    """GET releases, newest first."""
    return Answer([shapes.release(call, one) for one in reversed(call.repository.releases.values())])


def latest(call: Call) -> Answer:
    """GET releases/latest."""
    full = [one for one in call.repository.releases.values() if not one.draft and not one.prerelease]
    return Answer(shapes.release(call, found(full[-1] if full else None)))


def by_tag(call: Call) -> Answer:
    """GET releases/tags/{tag}: drafts have no tag yet."""
    return Answer(shapes.release(call, found(_with_tag(call, call.params["tag"]))))


def by_id(call: Call) -> Answer:
    """GET releases/{id}."""
    return Answer(shapes.release(call, _release(call)))


def create(call: Call) -> Answer:
    """POST releases: creates the tag where it is missing, 422 where the tag has a release."""
    (tag,) = call.need("tag_name")
    if _with_tag(call, tag):
        raise Refusal(
            422, "Validation Failed", [{"resource": "Release", "code": "already_exists", "field": "tag_name"}]
        )
    target = call.body.get("target_commitish", call.repository.default_branch)
    draft = bool(call.body.get("draft"))
    if not draft and call.repository.git.resolve(f"refs/tags/{tag}") is None:
        call.repository.git.move(f"refs/tags/{tag}", call.commit(target))
    one = Release(
        id=call.repository.new_id(),
        tag=tag,
        target=target,
        name=call.body.get("name") or tag,
        body=call.body.get("body") or "",
        author=call.actor,
        created_at=call.repository.now(),
        draft=draft,
        prerelease=bool(call.body.get("prerelease")),
    )
    call.repository.releases[one.id] = one
    return Answer(shapes.release(call, one), 201)


def edit(call: Call) -> Answer:
    """PATCH releases/{id}."""
    one = _release(call)
    one.name = call.body.get("name", one.name)
    one.body = call.body.get("body", one.body)
    one.draft = call.body.get("draft", one.draft)
    one.prerelease = call.body.get("prerelease", one.prerelease)
    return Answer(shapes.release(call, one))


def delete(call: Call) -> Answer:
    """DELETE releases/{id}: the tag stays."""
    del call.repository.releases[_release(call).id]
    return Answer(None, 204)


def _with_tag(call: Call, tag: str) -> Release | None:
    return next((one for one in call.repository.releases.values() if one.tag == tag and not one.draft), None)


def _release(call: Call) -> Release:
    number = call.params["id"]
    one: Release = found(call.repository.releases.get(int(number)) if number.isdigit() else None)
    return one


ROUTES: tuple[Route, ...] = (
    ("GET", "/releases", releases),
    ("POST", "/releases", create),
    ("GET", "/releases/latest", latest),
    ("GET", "/releases/tags/{tag:.+}", by_tag),
    ("GET", "/releases/{id}", by_id),
    ("PATCH", "/releases/{id}", edit),
    ("DELETE", "/releases/{id}", delete),
)
