"""Files by path: read, and write as one commit that names the content it replaces."""

import base64
import binascii
from typing import Any

from tests.emulators.github import shapes
from tests.emulators.github.calls import Answer, Call, Refusal, Route, found
from tests.emulators.github.git import TreeEntry

Json = dict[str, Any]

INLINE_BYTES = 1_000_000
KINDS = {"tree": "dir", "blob": "file", "commit": "submodule"}


def read(call: Call) -> Answer:
    """GET contents/{path}?ref=: a file with its content, or a directory as a list."""
    ref = call.query.get("ref", call.repository.default_branch)
    entry = _entry(call, call.commit(ref), call.params["path"].strip("/"))
    if entry.kind == "tree":
        prefix = f"{entry.path}/" if entry.path else ""
        inner = call.repository.git.entries(str(entry.sha))
        return Answer(
            [_shape(call, TreeEntry(prefix + one.path, one.mode, one.kind, one.sha, one.size), ref) for one in inner]
        )
    return Answer(_shape(call, entry, ref) | _content(call, entry))


def write(call: Call) -> Answer:
    """PUT contents/{path}: 409 where the sha given is not the one in place, 422 where one is missing."""
    message, encoded = call.need("message", "content")
    before = _before(call)
    try:
        sha = call.repository.git.store(base64.b64decode(encoded, validate=False))
    except binascii.Error:
        raise Refusal(422, "content is not valid Base64") from None
    return _committed(call, message, TreeEntry(_path(call), sha=sha), created=before is None)


def delete(call: Call) -> Answer:
    """DELETE contents/{path}."""
    (message,) = call.need("message")
    found(_before(call))
    return _committed(call, message, TreeEntry(_path(call), sha=None), created=False)


def _before(call: Call) -> TreeEntry | None:
    branch = call.body.get("branch", call.repository.default_branch)
    try:
        before = _entry(call, call.commit(branch), _path(call))
    except Refusal as refusal:
        if refusal.status != 404 or "No commit" in refusal.message:
            raise
        return None
    given = call.body.get("sha")
    if given is None:
        raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if given != before.sha:
        raise Refusal(409, f"{_path(call)} does not match {given}")
    return before


def _committed(call: Call, message: str, entry: TreeEntry, *, created: bool) -> Answer:
    git = call.repository.git
    branch = call.body.get("branch", call.repository.default_branch)
    parent = call.commit(branch)
    sha = git.write_commit(git.tree(parent, [entry]), [parent], message)
    git.move(f"refs/heads/{branch}", sha, parent)
    content = _shape(call, _entry(call, sha, entry.path), branch) if entry.sha else None
    return Answer({"content": content, "commit": shapes.git_commit(call, sha)}, 201 if created else 200)


def _path(call: Call) -> str:
    return call.params["path"].strip("/")


def _entry(call: Call, commit: str, path: str) -> TreeEntry:
    git = call.repository.git
    if not path:
        return TreeEntry("", "040000", "tree", git.commit(commit).tree)
    entries = {entry.path: entry for entry in git.entries(commit, recursive=True)}
    entry: TreeEntry = found(entries.get(path))
    return entry


def _shape(call: Call, entry: TreeEntry, ref: str) -> Json:
    address = shapes.api(call, f"/contents/{entry.path}?ref={ref}")
    blob = shapes.api(call, f"/git/{entry.kind}s/{entry.sha}")
    page = shapes.web(call, f"/blob/{ref}/{entry.path}")
    return {
        "type": KINDS[entry.kind],
        "name": entry.path.rsplit("/", 1)[-1],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": address,
        "git_url": blob,
        "html_url": page,
        "download_url": shapes.web(call, f"/raw/{ref}/{entry.path}"),
        "_links": {"self": address, "git": blob, "html": page},
    }


def _content(call: Call, entry: TreeEntry) -> Json:
    if (entry.size or 0) > INLINE_BYTES:
        return {"encoding": "none", "content": ""}
    encoded = base64.encodebytes(call.repository.git.blob(str(entry.sha)))
    return {"encoding": "base64", "content": encoded.decode()}


ROUTES: tuple[Route, ...] = (
    ("GET", "/contents/{path:.*}", read),
    ("PUT", "/contents/{path:.+}", write),
    ("DELETE", "/contents/{path:.+}", delete),
)
