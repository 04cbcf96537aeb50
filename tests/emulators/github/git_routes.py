"""The git database: refs, tags, trees, commits and blobs."""

import base64
from typing import Any

from tests.emulators.github import shapes
from tests.emulators.github.calls import Answer, Call, Refusal, Route, found
from tests.emulators.github.git import GitFailed, TreeEntry

Json = dict[str, Any]


def ref(call: Call) -> Answer:
    """GET git/ref/{ref}: this one and no other."""
    return Answer(_ref(call, call.params["ref"]))


def matching_refs(call: Call) -> Answer:
    """GET git/matching-refs/{prefix}."""
    wanted = f"refs/{call.params['ref']}"
    every = call.repository.git.refs("refs/")
    return Answer([_ref_shape(call, *one) for one in every if one[0].startswith(wanted)])


def create_ref(call: Call) -> Answer:
    """POST git/refs: 422 where it exists."""
    name, sha = call.need("ref", "sha")
    if not name.startswith("refs/"):
        raise Refusal(422, f"Reference name must start with 'refs/': {name}")
    if any(one[0] == name for one in call.repository.git.refs(name)):
        raise Refusal(422, "Reference already exists")
    _move(call, name, sha, None)
    return Answer(_ref(call, name.removeprefix("refs/")), 201)


def update_ref(call: Call) -> Answer:
    """PATCH git/refs/{ref}: fast-forward only, unless forced."""
    (sha,) = call.need("sha")
    before = _ref(call, call.params["ref"])["object"]["sha"]
    if not call.body.get("force") and call.repository.git.merge_base(before, sha) != before:
        raise Refusal(422, "Update is not a fast forward")
    _move(call, f"refs/{call.params['ref']}", sha, before)
    return Answer(_ref(call, call.params["ref"]))


def delete_ref(call: Call) -> Answer:
    """DELETE git/refs/{ref}."""
    _ref(call, call.params["ref"])
    call.repository.git.run("update-ref", "-d", f"refs/{call.params['ref']}")
    return Answer(None, 204)


def tag(call: Call) -> Answer:
    """GET git/tags/{sha}: an annotated tag."""
    return Answer(_tag(call, _object(call, call.params["sha"], "tag")))


def create_tag(call: Call) -> Answer:
    """POST git/tags: writes the tag object; the ref is a call of its own."""
    name, message, target, kind = call.need("tag", "message", "object", "type")
    _object(call, target, kind)
    tagger = f"tagger {call.actor} <{call.actor}@example.invalid> {int(call.repository.now().timestamp())} +0000"
    text = f"object {target}\ntype {kind}\ntag {name}\n{tagger}\n\n{message}\n"
    sha = call.repository.git.run("mktag", stdin=text.encode()).strip()
    return Answer(_tag(call, sha), 201)


def tree(call: Call) -> Answer:
    """GET git/trees/{sha}?recursive=1."""
    sha = found(call.repository.git.resolve(call.params["sha"], "tree"))
    entries = call.repository.git.entries(sha, recursive=bool(call.query.get("recursive")))
    return Answer(_tree(call, sha, entries))


def create_tree(call: Call) -> Answer:
    """POST git/trees."""
    (items,) = call.need("tree")
    entries = [_tree_entry(call, item) for item in items]
    try:
        sha = call.repository.git.tree(call.body.get("base_tree"), entries)
    except GitFailed as failure:
        raise Refusal(422, f"tree cannot be written: {failure}") from None
    return Answer(_tree(call, sha, call.repository.git.entries(sha)), 201)


def _tree_entry(call: Call, item: Json) -> TreeEntry:
    sha = call.repository.git.store(item["content"].encode()) if "content" in item else item.get("sha")
    return TreeEntry(item["path"], item.get("mode", "100644"), item.get("type", "blob"), sha)


def commit(call: Call) -> Answer:
    """GET git/commits/{sha}."""
    return Answer(shapes.git_commit(call, _object(call, call.params["sha"], "commit")))


def create_commit(call: Call) -> Answer:
    """POST git/commits: no ref moves."""
    message, tree_sha = call.need("message", "tree")
    for sha, kind in [(tree_sha, "tree"), *((one, "commit") for one in call.body.get("parents", ()))]:
        _object(call, sha, kind)
    sha = call.repository.git.write_commit(tree_sha, call.body.get("parents", ()), message)
    return Answer(shapes.git_commit(call, sha), 201)


def blob(call: Call) -> Answer:
    """GET git/blobs/{sha}."""
    sha = _object(call, call.params["sha"], "blob")
    content = call.repository.git.blob(sha)
    encoded = base64.encodebytes(content).decode()
    shape = {"sha": sha, "node_id": sha, "size": len(content), "url": shapes.api(call, f"/git/blobs/{sha}")}
    return Answer(shape | {"encoding": "base64", "content": encoded})


def create_blob(call: Call) -> Answer:
    """POST git/blobs."""
    (content,) = call.need("content")
    raw = base64.b64decode(content) if call.body.get("encoding") == "base64" else content.encode()
    sha = call.repository.git.store(raw)
    return Answer({"sha": sha, "url": shapes.api(call, f"/git/blobs/{sha}")}, 201)


def _object(call: Call, sha: str, kind: str) -> str:
    try:
        actual = call.repository.git.run("cat-file", "-t", sha).strip()
    except GitFailed:
        raise Refusal(404, "Not Found") from None
    if actual != kind:
        raise Refusal(422, f"Object {sha} is a {actual}, not a {kind}")
    return sha


def _move(call: Call, name: str, sha: str, before: str | None) -> None:
    try:
        call.repository.git.move(name, sha, before)
    except GitFailed:
        raise Refusal(422, "Object does not exist") from None


def _ref(call: Call, name: str) -> Json:
    every = call.repository.git.refs(f"refs/{name}")
    one = found(next((one for one in every if one[0] == f"refs/{name}"), None))
    return _ref_shape(call, *one)


def _ref_shape(call: Call, name: str, sha: str, kind: str) -> Json:
    target = {"type": kind, "sha": sha, "url": shapes.api(call, f"/git/{kind}s/{sha}")}
    return {"ref": name, "node_id": name, "url": shapes.api(call, f"/git/{name}"), "object": target}


def _tag(call: Call, sha: str) -> Json:
    head, _, message = call.repository.git.run("cat-file", "tag", sha).partition("\n\n")
    facts = dict(line.split(" ", 1) for line in head.splitlines())
    target = {"sha": facts["object"], "type": facts["type"], "url": shapes.api(call, f"/git/commits/{facts['object']}")}
    tagger = {"name": facts["tagger"].split(" <")[0], "email": "", "date": shapes.when(call.repository.now())}
    shape = {"sha": sha, "node_id": sha, "tag": facts["tag"], "message": message.strip(), "tagger": tagger}
    return shape | {"object": target, "url": shapes.api(call, f"/git/tags/{sha}")}


def _tree(call: Call, sha: str, entries: list[TreeEntry]) -> Json:
    items = [
        {
            "path": one.path,
            "mode": one.mode,
            "type": one.kind,
            "sha": one.sha,
            "url": shapes.api(call, f"/git/{one.kind}s/{one.sha}"),
        }
        | ({"size": one.size} if one.size is not None else {})
        for one in entries
    ]
    return {"sha": sha, "url": shapes.api(call, f"/git/trees/{sha}"), "tree": items, "truncated": False}


ROUTES: tuple[Route, ...] = (
    ("GET", "/git/ref/{ref:.+}", ref),
    ("GET", "/git/matching-refs/{ref:.*}", matching_refs),
    ("POST", "/git/refs", create_ref),
    ("PATCH", "/git/refs/{ref:.+}", update_ref),
    ("DELETE", "/git/refs/{ref:.+}", delete_ref),
    ("POST", "/git/tags", create_tag),
    ("GET", "/git/tags/{sha}", tag),
    ("POST", "/git/trees", create_tree),
    ("GET", "/git/trees/{sha:.+}", tree),
    ("POST", "/git/commits", create_commit),
    ("GET", "/git/commits/{sha}", commit),
    ("POST", "/git/blobs", create_blob),
    ("GET", "/git/blobs/{sha}", blob),
)
