"""The rules for a Dockerfile: base image, stages, user, packages, and nothing that comes in unchecked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from config.sources import DockerfileRules
from guardrails.dockerfile_shell import installed
from guardrails.dockerfile_stages import Instruction, Stage, UnreadableError, stages
from guardrails.dockerfile_user import user_agreed
from guardrails.dockerfile_variables import missing, platform_variables
from guardrails.verdict import Finding, Level, Verdict
from guardrails.weights import weights_brought

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")


def dockerfile_sound(
    place: str,
    text: str,
    rules: DockerfileRules,
    *,
    arguments: Mapping[str, str] | None = None,
    platform: str = "linux/amd64",
) -> Verdict:
    """Judge a Dockerfile as it is built with these arguments; every rule that is broken is a finding with its remedy.

    `place` is its path. Rules that are empty ask for nothing.
    """
    try:
        read = stages(text, {**platform_variables(platform), **(arguments or {})})
    except UnreadableError as error:
        return _unreadable(place, str(error), rules)
    final = read[-1]
    findings = [
        *_base(place, final, rules.bases),
        *(_in_stages(place, read) if rules.multi_stage else ()),
        *(user_agreed(final, rules.user, place) if rules.user else ()),
        *_packages(place, read, rules.packages),
        *weights_brought(place, final.whole, rules.weights),
        *_unchecked(place, final),
        *_moving(place, read),
    ]
    return Verdict.of(findings)


def plain_name(image: str) -> str:
    """Name an image as people do: without a registry, `library/` and a digest; `latest` where no tag is written."""
    name = image.partition("@")[0]
    first, slash, rest = name.partition("/")
    if slash and (set(first) & {".", ":"} or first == "localhost"):
        name = rest
    _, library, official = f"/{name}".rpartition("/library/")
    name = official if library else name
    if name == "scratch" or ":" in name or "@" in image:
        return name
    return f"{name}:latest"


def _base(place: str, final: Stage, accepted: Sequence[str]) -> Iterator[Finding]:
    if not accepted:
        return
    line = final.lineage[0].line
    remedy = f"Begin the final stage with `FROM {accepted[0]}`" + (
        f", or with one of {', '.join(accepted[1:])}." if accepted[1:] else "."
    )
    if unknown := missing(final.image):
        message = f"The base image is `{final.image}`, and nothing sets {' and '.join(unknown)}."
        yield Finding("base-unknown", place, message, f"Give the ARG a default. {remedy}", place=f"{place}:{line}")
    elif not any(fnmatchcase(plain_name(final.image), glob) for glob in accepted):
        message = f"The final stage is built on {final.image}, which is none of the accepted base images."
        yield Finding("base-image", place, message, remedy, place=f"{place}:{line}")


def _in_stages(place: str, read: Sequence[Stage]) -> Iterator[Finding]:
    """Count only stages that leave something behind: one that all is built on, or nothing is taken from, is none."""
    final = read[-1]
    others = ((number, stage) for number, stage in enumerate(read) if stage not in final.lineage)
    behind = {name for number, stage in others for name in (stage.name, str(number))}
    taken = {source.lower() for one in final.whole for source in _taken_from(one)}
    if not behind & taken:
        few = "one stage only" if len(read) == 1 else "several stages, but the final one copies nothing from another"
        remedy = (
            "Build in a stage of its own (`FROM ... AS build`) and take only the result over: "
            "`COPY --from=build /app /app`. Compilers and caches then stay out of the image."
        )
        yield Finding("single-stage", place, f"It has {few}.", remedy, place=f"{place}:{final.line}")


def _taken_from(one: Instruction) -> Iterator[str]:
    yield from one.flag("from")
    for mount in one.flag("mount"):
        yield from (part.removeprefix("from=") for part in mount.split(",") if part.startswith("from="))


def _packages(place: str, read: Sequence[Stage], wanted: Iterable[str]) -> Iterator[Finding]:
    final = read[-1]
    present, elsewhere = installed(final.whole), {stage.name: installed(stage.whole) for stage in read[:-1]}
    for package in sorted(set(wanted) - present):
        others = sorted(name for name, found in elsewhere.items() if package in found)
        message = f"{package} is not installed by name in the final stage."
        if others:
            message = f"{package} is installed in stage {' and '.join(others)} only, which is not in the image."
        remedy = f"Add `RUN apt-get update && apt-get install -y --no-install-recommends {package}` to the final stage."
        yield Finding("package-missing", f"{place}: {package}", message, remedy, place=f"{place}:{final.line}")


def _unchecked(place: str, final: Stage) -> Iterator[Finding]:
    for one in final.whole:
        remote = [source for source in one.words[:-1] if source.lower().startswith(_REMOTE)]
        if one.name == "ADD" and remote and not one.flag("checksum"):
            message = f"`ADD {remote[0].partition('?')[0]}` takes whatever that address gives at the time."
            remedy = "Write `ADD --checksum=sha256:...`, or keep the file in the repository."
            yield Finding("add-unchecked", place, message, remedy, Level.WARNING, f"{place}:{one.line}")


def _moving(place: str, read: Sequence[Stage]) -> Iterator[Finding]:
    """Remark on images without a version: stages begin with them, or take files from them."""
    for image, line in (*_begun_with(read), *_drawn_on(read)):
        if plain_name(image).endswith(":latest") and not missing(image):
            message = f"{image} means another image every time; the same commit does not give the same image."
            remedy = "Name a version, best with its digest."
            yield Finding("base-moving", f"{place}: {image}", message, remedy, Level.NOTE, f"{place}:{line}")


def _begun_with(read: Sequence[Stage]) -> Iterator[tuple[str, int]]:
    return ((stage.base, stage.line) for stage in read if stage.parent is None)


def _drawn_on(read: Sequence[Stage]) -> Iterator[tuple[str, int]]:
    """List the images outside that `COPY --from` and mounts name."""
    own = {name for number, stage in enumerate(read) for name in (stage.name, str(number))}
    taken = ((source, one.line) for stage in read for one in stage.instructions for source in _taken_from(one))
    return ((source, line) for source, line in taken if source.lower() not in own)


def _unreadable(place: str, reason: str, rules: DockerfileRules) -> Verdict:
    """Refuse what cannot be judged, unless there is nothing to judge; the build will tell then."""
    if rules == DockerfileRules():
        return Verdict()
    message = f"{place} cannot be read: {reason}."
    remedy = "Check it with `docker build --check`, or correct the component's `dockerfile`."
    return Verdict.of([Finding("dockerfile-unreadable", place, message, remedy)])
