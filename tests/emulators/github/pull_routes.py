"""Pull requests and the comments below them."""

from tests.emulators.github import shapes
from tests.emulators.github.calls import Answer, Call, Refusal, Route, found
from tests.emulators.github.git import GitFailed
from tests.emulators.github.world import Comment, Pull

BODY_CHARACTERS = 65_536


def pulls(call: Call) -> Answer:
    """GET pulls?state=&head=&base=, newest first."""
    state, head, base = (
        call.query.get(key, default) for key, default in (("state", "open"), ("head", ""), ("base", ""))
    )
    chosen = [
        one
        for one in reversed(call.repository.pulls.values())
        if state in ("all", one.state) and head.split(":")[-1] in ("", one.head) and base in ("", one.base)
    ]
    return Answer([shapes.pull(call, one) for one in chosen])


def pull(call: Call) -> Answer:
    """GET pulls/{number}."""
    return Answer(shapes.pull(call, _pull(call)))


def open_pull(call: Call) -> Answer:
    """POST pulls."""
    title, head, base = call.need("title", "head", "base")
    if any(one.head == head and one.base == base and one.state == "open" for one in call.repository.pulls.values()):
        raise Refusal(422, "Validation Failed", [{"message": f"A pull request already exists for {head}."}])
    try:
        one = call.repository.opens_pull(head, title, call.body.get("body") or "", base=base, author=call.actor)
    except LookupError:
        raise Refusal(422, "Validation Failed", [{"field": "head", "code": "invalid"}]) from None
    return Answer(shapes.pull(call, one), 201)


def edit_pull(call: Call) -> Answer:
    """PATCH pulls/{number}: title, body, state."""
    one = _pull(call)
    one.title = call.body.get("title", one.title)
    one.body = call.body.get("body", one.body)
    one.state = call.body.get("state", one.state)
    return Answer(shapes.pull(call, one))


def files(call: Call) -> Answer:
    """GET pulls/{number}/files."""
    one = _pull(call)
    return Answer([shapes.file(call, change, one.head_sha) for change in call.repository.files_of(one)])


def commits(call: Call) -> Answer:
    """GET pulls/{number}/commits."""
    return Answer([shapes.commit(call, sha) for sha in call.repository.commits_of(_pull(call))])


def merge(call: Call) -> Answer:
    """PUT pulls/{number}/merge: 405 where it cannot be merged, 409 where the head moved."""
    one = call.repository.refreshed(_pull(call))
    if one.state != "open":
        raise Refusal(405, "Pull Request is not mergeable")
    if call.body.get("sha") not in (None, one.head_sha):
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    try:
        sha = call.repository.merges(one.number, call.body.get("commit_message", ""))
    except GitFailed:
        raise Refusal(405, "Pull Request has merge conflicts") from None
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def comments(call: Call) -> Answer:
    """GET issues/{number}/comments, oldest first."""
    number = _pull(call).number
    return Answer([shapes.comment(call, one) for one in call.repository.comments.values() if one.issue == number])


def add_comment(call: Call) -> Answer:
    """POST issues/{number}/comments."""
    number = _pull(call).number
    one = call.repository.comments_on(number, call.actor, _body(call))
    return Answer(shapes.comment(call, one), 201)


def comment(call: Call) -> Answer:
    """GET issues/comments/{id}."""
    return Answer(shapes.comment(call, _comment(call)))


def edit_comment(call: Call) -> Answer:
    """PATCH issues/comments/{id}."""
    one = _comment(call)
    one.body, one.updated_at = _body(call), call.repository.now()
    return Answer(shapes.comment(call, one))


def delete_comment(call: Call) -> Answer:
    """DELETE issues/comments/{id}."""
    del call.repository.comments[_comment(call).id]
    return Answer(None, 204)


def issue(call: Call) -> Answer:
    """GET issues/{number}: here every issue is a pull request."""
    shape = shapes.pull(call, _pull(call))
    shape |= {"url": shape["issue_url"], "comments": 0, "pull_request": {"url": shape["url"]}}
    return Answer({key: value for key, value in shape.items() if key not in ("head", "base", "merged")})


def _body(call: Call) -> str:
    (body,) = call.need("body")
    if len(body) > BODY_CHARACTERS:
        raise Refusal(
            422, "Validation Failed", [{"message": f"body is too long (maximum is {BODY_CHARACTERS} characters)"}]
        )
    return str(body)


def _pull(call: Call) -> Pull:
    number = call.params["number"]
    one: Pull = found(call.repository.pulls.get(int(number)) if number.isdigit() else None)
    return one


def _comment(call: Call) -> Comment:
    one: Comment = found(call.repository.comments.get(int(call.params["id"])))
    return one


ROUTES: tuple[Route, ...] = (
    ("GET", "/pulls", pulls),
    ("POST", "/pulls", open_pull),
    ("GET", "/pulls/{number}", pull),
    ("PATCH", "/pulls/{number}", edit_pull),
    ("GET", "/pulls/{number}/files", files),
    ("GET", "/pulls/{number}/commits", commits),
    ("PUT", "/pulls/{number}/merge", merge),
    ("GET", "/issues/comments/{id}", comment),
    ("PATCH", "/issues/comments/{id}", edit_comment),
    ("DELETE", "/issues/comments/{id}", delete_comment),
    ("GET", "/issues/{number}", issue),
    ("GET", "/issues/{number}/comments", comments),
    ("POST", "/issues/{number}/comments", add_comment),
)
