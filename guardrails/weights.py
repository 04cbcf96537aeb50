"""Model weights: gigabytes that belong on a disk beside the image, never in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from config.sources import DockerfileRules
from guardrails.dockerfile_shell import commands
from guardrails.dockerfile_stages import Instruction
from guardrails.verdict import Finding, Verdict
from tools.layers import LayerFile

_FETCHERS = frozenset(["curl", "wget", "aria2c", "huggingface-cli", "hf", "gsutil", "aws", "azcopy", "rclone"])
_REMEDY = "Keep weights out of the image: mount them (`./models:/models:ro`), or fetch them when the program starts."
_WHITEOUT = ".wh."


def is_weights(path: str, globs: Iterable[str]) -> bool:
    """Tell by a file's name, upper and lower case alike, whether it holds weights."""
    name = path.partition("?")[0].rstrip("/").rpartition("/")[2].lower()
    return any(fnmatchcase(name, glob.lower()) for glob in globs)


def weights_brought(place: str, instructions: Iterable[Instruction], globs: Sequence[str]) -> Iterator[Finding]:
    """Object to instructions that name weights: copied, added, or fetched while the image is built."""
    for one in instructions:
        for source in (source for source in _brought(one) if is_weights(source, globs)):
            message = f"`{one.name}` brings {source.partition('?')[0]} into the image."
            yield Finding("weights-in-dockerfile", place, message, _REMEDY, place=f"{place}:{one.line}")


def weights_outside(context: Mapping[str, int], rules: DockerfileRules, ignore_file: str) -> Verdict:
    """Object to weights among the files (path -> bytes) that a build is sent."""
    return Verdict.of(
        Finding(
            rule="weights-in-context",
            subject=path,
            message=f"{path} ({_size(size)}) is sent to the build, although it holds weights by its name.",
            remedy=f"Add `**/{_kind(path)}` to {ignore_file}. {_REMEDY}",
            place=path,
        )
        for path, size in sorted(context.items())
        if is_weights(path, rules.weights)
    )


def weights_not_in_image(files: Sequence[LayerFile], rules: DockerfileRules, image: str) -> Verdict:
    """Object to weights in any layer of an image, by name and by size; removing them later does not make it smaller."""
    removed = {(found.number, _covered(found.path)) for found in files if _is_whiteout(found.path)}
    return Verdict.of(
        _in_layer(found, reason, image, gone=_is_gone(found, removed))
        for found in files
        if not _is_whiteout(found.path) and (reason := _reason(found, rules))
    )


def _reason(found: LayerFile, rules: DockerfileRules) -> str:
    if is_weights(found.path, rules.weights):
        return "holds model weights by its name"
    if rules.largest_file_bytes and found.size_bytes > rules.largest_file_bytes:
        return f"is larger than {_size(rules.largest_file_bytes)}, as only weights are"
    return ""


def _in_layer(found: LayerFile, reason: str, image: str, *, gone: bool) -> Finding:
    still = " A later layer removes it, but it is still downloaded with every pull." if gone else ""
    message = f"{found.path} ({_size(found.size_bytes)}, {found.layer}) {reason}.{still}"
    rule = "weights-in-image" if "by its name" in reason else "large-file-in-image"
    return Finding(rule, f"{image}: {found.path}", message, _REMEDY)


def _brought(one: Instruction) -> Iterator[str]:
    if one.name in {"COPY", "ADD"}:
        yield from (source for source in one.words[:-1] if not source.startswith("<<"))
    for command in commands(one):
        if command[0].rpartition("/")[2] in _FETCHERS:
            yield from command[1:]


def _is_whiteout(path: str) -> bool:
    return path.rpartition("/")[2].startswith(_WHITEOUT)


def _is_gone(found: LayerFile, removed: Iterable[tuple[int, str]]) -> bool:
    return any(n > found.number and f"{found.path}/".startswith(f"{path}/") for n, path in removed)


def _covered(path: str) -> str:
    directory, slash, name = path.rpartition("/")
    return f"{directory}{slash}{name.removeprefix(_WHITEOUT)}"


def _kind(path: str) -> str:
    """Name all files of a kind: `*.ckpt`; a file without an ending by its own name."""
    name = path.rpartition("/")[2]
    return f"*.{name.rpartition('.')[2]}" if "." in name else name


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e5 else f"{size_bytes} bytes"  # noqa: PLR2004 - a tenth
