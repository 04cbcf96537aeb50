"""From a file's bytes to its secret uses. Never raises: what cannot be parsed is read line by line, and said so."""

import codecs
from collections.abc import Callable, Iterator
from itertools import accumulate

from guardrails.secrets import dockerfiles, json_nodes, lines, settings, source, tree, xml_pairs, yaml_nodes
from guardrails.secrets.diffs import sides
from guardrails.secrets.formats import Format, format_of
from guardrails.secrets.nodes import Unparsed
from guardrails.secrets.uses import Hit, Seal, SecretUse, State
from guardrails.secrets.values import is_settled

LARGEST_FILE_BYTES = 1_000_000
_DEEPEST_EMBEDDING = 3
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def unsealed(_: str) -> str:
    """Give no fingerprint, for callers without a key; such findings cannot be allowed."""
    return ""


def secret_uses(path: str, content: bytes | str, seal: Seal = unsealed) -> tuple[SecretUse, ...]:
    """Read one file; nothing for files that are no deploy files, which are the pattern layer's alone."""
    content = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if len(content) > LARGEST_FILE_BYTES or (b"\0" in content and not content.startswith(_UTF_16)):
        return ()
    text, exact = _text(content)
    form = format_of(path, text)
    reading = _Reading(path, seal, text if exact else "")
    if form is Format.DIFF:
        return tuple(_diff(reading, text))
    found, unread = _read(form, text, 0)
    uses = tuple(reading.use(one) for one in found)
    return (*uses, SecretUse(path, 1, unread, f"{_kind(form, text)}", State.UNREAD)) if unread else uses


def _kind(form: Format, text: str) -> str:
    return f"{form.value} template" if "{{" in text else form.value


def _text(content: bytes) -> tuple[str, bool]:
    """Decode; the flag says that byte positions can be computed from the text."""
    if content.startswith(_UTF_16):
        return content.decode("utf-16", "replace"), False
    try:
        return content.decode("utf-8"), True
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace"), False


def _read(form: Format, text: str, depth: int) -> tuple[tuple[Hit, ...], str]:
    try:
        return lines.distinct(_reader(form, depth)(text)), ""
    except Unparsed as error:
        return lines.distinct(settings.any_lines(text)), f"{error}"
    except RecursionError:
        return lines.distinct(settings.any_lines(text)), "nested too deeply"


def _reader(form: Format, depth: int) -> Callable[[str], Iterator[Hit]]:
    def embedded(name: str, text: str) -> Iterator[Hit]:
        return _embedded(name, text, depth + 1)

    readers: dict[Format, Callable[[str], Iterator[Hit]]] = {
        Format.NONE: lambda _: iter(()),
        Format.DOCKERFILE: lambda text: dockerfiles.hits(text, embedded),
        Format.YAML: lambda text: _yaml(text, embedded),
        Format.JSON: lambda text: tree.hits(json_nodes.document(text), embedded),
        Format.ENVIRONMENT: settings.environment,
        Format.SETTINGS: settings.settings,
        Format.EXPRESSIONS: lambda text: settings.settings(text, expressions=True),
        Format.DIRECTIVES: settings.directives,
        Format.NETRC: settings.netrc,
        Format.SHELL: lambda text: tree.shell_hits(text, embedded),
        Format.KEY: lines.hits,
        Format.XML: xml_pairs.hits,
        Format.SOURCE: source.hits,
    }
    return readers.get(form, settings.any_lines)  # a diff inside a diff


def _yaml(text: str, embedded: tree.Embedded) -> Iterator[Hit]:
    for root in yaml_nodes.documents(text):
        yield from tree.hits(root, embedded)
    for number, line in lines.numbered(text):
        if line.lstrip().startswith("#"):
            yield from lines.commented(number, line)


def _embedded(name: str, text: str, depth: int) -> Iterator[Hit]:
    """Read a file inside a file: by its name where that tells, else by trying what the text could be."""
    form = format_of(name, text)
    if depth > _DEEPEST_EMBEDDING:
        return iter(settings.any_lines(text))
    if form is Format.NONE:
        form = Format.JSON if text.lstrip()[:1] in {"{", "["} else Format.YAML
    try:
        return iter(tuple(_reader(form, depth)(text)) or tuple(settings.any_lines(text)))
    except (Unparsed, RecursionError):
        return iter(tuple(settings.any_lines(text)))


def _diff(reading: "_Reading", text: str) -> list[SecretUse]:
    uses: list[SecretUse] = []
    for side in sides(text):
        piece = "\n".join(side.text)
        found, _ = _read(format_of(side.path, piece), piece, 1)
        uses += (reading.use(one.moved(side.first - 1), removed=side.removed) for one in found)
    return sorted(uses, key=lambda use: use.line)


class _Reading:
    """Turns hits into uses: seals the value and tells its place in bytes."""

    def __init__(self, path: str, seal: Seal, text: str) -> None:
        self._path = path
        self._seal = seal
        self._text = text
        self._starts = list(accumulate((len(line) for line in text.splitlines(keepends=True)), initial=0))

    def use(self, one: Hit, *, removed: bool = False) -> SecretUse:
        settled = (
            one.state is State.REFERENCE
            and (one.kind in {"encrypted", "public"} or is_settled(one.value))
            and not lines.holds_known_token(one.value)
        )
        seal, span = self._seal(one.value), self._span(one)
        return SecretUse(
            self._path, one.line, one.key, one.kind, one.state, seal, span, removed=removed, settled=settled
        )

    def _span(self, one: Hit) -> tuple[int, int] | None:
        """Find the value in its line; None where it is not written as it is meant (escapes, base64)."""
        if not one.value or one.line >= len(self._starts):
            return None
        at = self._text.find(one.value, self._starts[one.line - 1], self._starts[one.line])
        if at < 0:
            return None
        before = len(self._text[:at].encode())
        return before, before + len(one.value.encode())
