"""Files that name packages are never passed over in silence: what is known is said, and what is not."""

import json

import pytest

from agents.words.locks import dependency_files


def npm(**versions: str) -> bytes:
    packages = {f"node_modules/{name}": {"version": version} for name, version in versions.items()}
    return json.dumps({"packages": {"": {"name": "root"}, **packages}}).encode()


def toml(**versions: str) -> bytes:
    return "".join(f'[[package]]\nname = "{name}"\nversion = "{v}"\n' for name, v in versions.items()).encode()


OLD_NPM = json.dumps({"dependencies": {"a": {"version": "1", "dependencies": {"b": {"version": "1"}}}}}).encode()
KNOWN = {
    "a new lock file": ("package-lock.json", None, npm(a="1", b="1"), "the lock file changed, 2 packages added"),
    "all kinds": (
        "web/package-lock.json",
        npm(a="1", b="1", c="1"),
        npm(b="2", c="1", d="1"),
        "the lock file changed, 1 package added, 1 package removed, 1 package in other versions",
    ),
    "the form of old": ("package-lock.json", OLD_NPM, None, "the lock file changed, 2 packages removed"),
    "the same": ("uv.lock", toml(a="1"), toml(a="1"), "the lock file changed, the same packages in the same versions"),
    "toml": ("Cargo.lock", toml(a="1"), toml(a="1", b="1"), "the lock file changed, 1 package added"),
    "nonsense": ("package-lock.json", b"{", npm(a="1"), "the lock file changed; packages not compared"),
    "not read": ("package-lock.json", None, None, "the lock file changed; packages not compared"),
    "an unknown form": ("yarn.lock", None, None, "the lock file changed; packages not compared"),
    "a declaration of unknown form": ("go.mod", None, None, "changed; packages not compared"),
    "a declaration": ("package.json", None, None, "changed; no difference was found in the packages it declares"),
}


@pytest.mark.parametrize(("path", "old", "new", "said"), KNOWN.values(), ids=KNOWN)
def test_of_a_changed_file_of_packages_is_said_what_is_known(
    path: str, old: bytes | None, new: bytes | None, said: str
) -> None:
    assert dependency_files([path, "src/main.py"], (), {path: old}, {path: new}) == (f"{path}: {said}",)


def test_a_file_whose_packages_are_listed_is_not_told_twice() -> None:
    assert dependency_files(["package.json"], {"package.json"}, {}, {}) == ()
