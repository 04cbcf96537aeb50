"""What to write instead of a secret, and where its value goes, per kind of file."""

from guardrails.secrets.formats import Format, format_of
from guardrails.secrets.names import words

_NOT_NAMES = {"-p": "PASSWORD", "-P": "PASSWORD", "-u": "PASSWORD", "-a": "PASSWORD", "-w": "PASSWORD", "-b": "SECRET"}
_ROTATE = "Then rotate the old value where it was issued: whoever can read the repository has it."


def variable(key: str) -> str:
    """Make the name of the variable that would carry a key's value."""
    return _NOT_NAMES.get(key) or "_".join(words(key)).upper() or "SECRET"


def rotation(key: str) -> str:
    """Tell what a secret needs that has been in the history."""
    return f"Rotate {key}: issue a new value and revoke the old one; deleting the line does not take it back."


def remedy(path: str, key: str, kind: str) -> str:
    """Tell exactly what to write and where the value goes."""
    name = variable(key)
    if kind == "private-key":
        return f"Delete the key from the repository and mount it at run time, or keep it in the secret store. {_ROTATE}"
    return f"{_instead(path, key, name, kind)} {_ROTATE}"


def _instead(path: str, key: str, name: str, kind: str) -> str:
    if kind == "kubernetes-secret":
        return (
            f"Take {key} out of the manifest and let a SealedSecret or ExternalSecret bring it; base64 hides nothing."
        )
    if ".github/workflows/" in path:
        return f"Write `${{{{ secrets.{name} }}}}` and store the value with `gh secret set {name}`."
    if format_of(path, "") is Format.DOCKERFILE:
        return (
            f"Take {key} out of the image: give the container `{name}: ${{{name}:?{name} required}}` in compose,"
            f" or the build alone `RUN --mount=type=secret,id={name.lower()}`."
        )
    if format_of(path, "") is Format.ENVIRONMENT:
        return (
            f"Take the file out of git and keep {name} in the env file on the host (mode 0600), or in the secret store."
        )
    return f"Write `${{{name}:?{name} required}}` and keep the value in the host's env file (mode 0600), not in git."
