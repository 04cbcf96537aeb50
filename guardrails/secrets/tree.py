"""Trees of settings (YAML, JSON): every secret-named key, pairs of name and value, argument vectors, embedded files."""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence

from guardrails.secrets import lines, shell
from guardrails.secrets.names import Suspicion, suspicion, word_set, words
from guardrails.secrets.nodes import DEEPEST, Branch, Items, Leaf, Node
from guardrails.secrets.uses import Hit, State
from guardrails.secrets.values import machine_made, state_of, unquoted

Embedded = Callable[[str, str], Iterator[Hit]]
"""Reads a file inside a file: (name or key it stands under, text) -> hits with lines from 1."""

_ENCRYPTED = frozenset({"encryptedData", "sops"})
_SKIPPED = _ENCRYPTED | word_set(
    """
    permissions valueFrom secretKeyRef secretRef dependencies devDependencies peerDependencies resolutions
    overrides engines
    """
)
_SEALED_KINDS = word_set(
    """
    SealedSecret ExternalSecret ClusterExternalSecret SecretStore ClusterSecretStore SecretProviderClass
    PushSecret VaultStaticSecret VaultDynamicSecret OnePasswordItem CustomResourceDefinition
    """
)
_COMMANDS = word_set(
    """
    command raw win_shell win_command entrypoint cmd args run script scripts test exec before_script
    after_script bash pwsh powershell sh shell inlineScript prestart poststart commands steps installCommand
    buildCommand startCommand
    """
)
_NAME_KEYS = ("name", "Name", "key", "Key", "ParameterKey", "parameterKey", "variable")
_VALUE_KEYS = ("value", "Value", "ParameterValue", "parameterValue", "defaultValue", "default")
_INHERITS = frozenset(
    {"default", "value", "stringValue", "plaintext", "content", "defaultValue", "literal", "Default", "Value"}
)
_PUBLIC_IN_SECRETS = word_set(
    """
    username user login host hostname port database dbname db name namespace url uri endpoint region email type
    scheme ca.crt tls.crt server project organization insecure enabled config.json provider
    """
)
_NAMES_OF_SECRETS = frozenset({"secret", "credential", "credentials", "creds"})
_SECRETS_THEMSELVES = word_set(
    """
    client jwt session shared signing app webhook cookie api user access auth hmac totp otp token oauth consumer
    """
)


def hits(root: Node, embedded: Embedded) -> Iterator[Hit]:
    """Walk one document."""
    if isinstance(root, Branch):
        kind = _text(root, "kind")
        if kind in _SEALED_KINDS:
            yield from (Hit(leaf.line, kind, "encrypted", State.REFERENCE, leaf.text) for leaf in _leaves(root, 0))
            return
        if kind == "Secret" and _text(root, "apiVersion"):
            yield from _secret(root, embedded)
            return
    yield from _Walk(embedded).node(root, "", 0)


class _Walk:
    """One walk; an anchored node is visited once, however many aliases repeat it."""

    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded
        self._seen: set[int] = set()

    def node(self, node: Node, key: str, depth: int, *, commands: bool = False) -> Iterator[Hit]:
        if depth > DEEPEST or id(node) in self._seen:
            return
        if isinstance(node, Leaf):
            yield from self._leaf(node, key, commands=commands)
            return
        self._seen.add(id(node))
        if isinstance(node, Items):
            yield from self._items(node, key, depth, commands=commands)
        else:
            yield from self._branch(node, key, depth, commands=commands)

    def _branch(self, node: Branch, key: str, depth: int, *, commands: bool) -> Iterator[Hit]:
        yield from _named_value(node)
        for name, _, child in node.entries:
            if name in _ENCRYPTED:
                yield from (
                    Hit(leaf.line, name, "encrypted", State.REFERENCE, leaf.text) for leaf in _leaves(child, depth)
                )
            if name in _SKIPPED:
                continue
            inherited = key if name in _INHERITS and suspicion(key) is Suspicion.STRONG else name
            yield from self.node(child, inherited, depth + 1, commands=_runs(name) or (commands and key == "scripts"))

    def _items(self, node: Items, key: str, depth: int, *, commands: bool) -> Iterator[Hit]:
        leaves = [item for item in node.items if isinstance(item, Leaf)]
        yield from _argv(leaves)
        for item in node.items:
            yield from self.node(item, key, depth + 1, commands=commands)

    def _leaf(self, leaf: Leaf, key: str, *, commands: bool) -> Iterator[Hit]:
        one = _keyed(leaf, key)
        if one is not None:
            yield one
        if leaf.block is not None:
            yield from self._block(leaf, key, commands=commands)
            return
        if leaf.text[:1] in "{[" and len(leaf.text) > 2:  # noqa: PLR2004 - more than an empty pair of brackets
            yield from (
                Hit(leaf.line, h.key, h.kind, h.state, h.value) for h in self._embedded("embedded.json", leaf.text)
            )
        yield from _one_line(leaf, commands=commands)

    def _block(self, leaf: Leaf, key: str, *, commands: bool) -> Iterator[Hit]:
        text = leaf.block or ""
        found = shell_hits(text, self._embedded) if commands else self._embedded(key, text)
        yield from (one.moved(leaf.line - 1) for one in found)


def shell_hits(text: str, embedded: Embedded) -> Iterator[Hit]:
    """Read a script and the files that its heredocs write."""
    yield from shell.hits(text)
    for target, first, body in shell.heredocs(text):
        yield from (one.moved(first - 1) for one in embedded(target or "heredoc", body))


def _runs(key: str) -> bool:
    """Tell a key whose value is a command, also as Ansible names it: `ansible.builtin.shell`."""
    return key.rpartition(".")[2] in _COMMANDS


def _keyed(leaf: Leaf, key: str) -> Hit | None:
    if leaf.block is not None and ("\n" in leaf.block or "-----BEGIN" in leaf.block):
        return None  # several lines are a key or a file, and are read as such
    if words(key) and words(key)[-1] in _NAMES_OF_SECRETS and ("/" in key or _names_object(leaf.text, key)):
        return None
    return lines.hit(leaf.line, key, "setting", leaf.text, config=True)


def _names_object(text: str, key: str) -> bool:
    """`tlsSecret: observer-db` names an object of the cluster; `jwtSecret: observer-db` is a password."""
    plain = text.replace("-", "").replace(".", "").replace("_", "")
    object_like = plain.isalnum() and plain == plain.lower() and "-" in text and not machine_made(text)
    return object_like and not _SECRETS_THEMSELVES.intersection(words(key)[:-1])


def _one_line(leaf: Leaf, *, commands: bool) -> Iterator[Hit]:
    whole = leaf.text.partition("=")
    if whole[1] and whole[0] and " " not in whole[0].strip() and not commands:
        one = lines.hit(leaf.line, whole[0].strip().lstrip("-"), "assignment", whole[2])
        if one is not None:
            yield one
            return
    text = leaf.text.replace("\n", " ")
    yield from lines.hits(text, first=leaf.line)
    if commands:
        yield from shell.command(text, leaf.line)


def _argv(leaves: Sequence[Leaf]) -> Iterator[Hit]:
    if any(leaf.text.startswith("-") for leaf in leaves):
        yield from shell.flags([leaf.text for leaf in leaves], [leaf.line for leaf in leaves])


def _named_value(node: Branch) -> Iterator[Hit]:
    """`name: DB_PASSWORD` beside `value: ...`, as in Kubernetes, task definitions and pipelines."""
    leaves = {name: child for name, _, child in node.entries if isinstance(child, Leaf)}
    name = next((leaves[key].text for key in _NAME_KEYS if key in leaves), "")
    value = next((leaves[key] for key in _VALUE_KEYS if key in leaves), None)
    if not name or value is None:
        return
    one = lines.hit(value.line, name, "name-value", value.text)
    if one is not None:
        yield one


def _secret(root: Branch, embedded: Embedded) -> Iterator[Hit]:
    """Read a Kubernetes Secret: everything in it counts, and base64 protects nothing."""
    for section, _, child in root.entries:
        if section not in {"data", "stringData"}:
            yield from _Walk(embedded).node(child, section, 0)
        elif isinstance(child, Branch):
            for key, line, leaf in child.entries:
                if isinstance(leaf, Leaf):
                    yield from _secret_entry(key, line, leaf, embedded, encoded=section == "data")


def _secret_entry(key: str, line: int, leaf: Leaf, embedded: Embedded, *, encoded: bool) -> Iterator[Hit]:
    value = _decoded(leaf.text) if encoded else leaf.text
    inside = tuple(embedded(key, leaf.block if leaf.block is not None and not encoded else value))
    yield from (Hit(one.line + line if leaf.block else line, one.key, one.kind, one.state, one.value) for one in inside)
    if (
        inside
        or key in _PUBLIC_IN_SECRETS
        or "BEGIN CERTIFICATE" in value
        or ("\n" in value and suspicion(key) is not Suspicion.STRONG)
    ):
        return
    yield Hit(leaf.line, key, "kubernetes-secret", _entry_state(value, key), unquoted(leaf.text))


def _entry_state(value: str, key: str) -> State:
    return state_of(value, key if suspicion(key) is Suspicion.STRONG else "password")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return text


def _leaves(node: Node, depth: int) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    children = node.items if isinstance(node, Items) else [child for _, _, child in node.entries]
    for child in children if depth < DEEPEST else ():
        yield from _leaves(child, depth + 1)


def _text(node: Branch, key: str) -> str:
    return next((child.text for name, _, child in node.entries if name == key and isinstance(child, Leaf)), "")
