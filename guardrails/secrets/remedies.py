"""What to write instead of a secret, and where its value goes, per kind of file."""

import re
from pathlib import PurePosixPath

from guardrails.secrets.formats import Format, format_of
from guardrails.secrets.names import words

_NOT_NAMES = {"-p": "PASSWORD", "-P": "PASSWORD", "-u": "PASSWORD", "-a": "PASSWORD", "-w": "PASSWORD", "-b": "SECRET"}
ROTATE = "Then rotate the old value where it was issued: whoever can read the repository has it."
_IN_ADDRESS = frozenset({"url-password", "url-token"})
_HOST = "keep the value in the host's env file (mode 0600), not in git"
_READ = {
    ".py .pyw": 'os.environ["{name}"]',
    ".js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte": "process.env.{name}",
    ".go": 'os.Getenv("{name}")',
    ".java .kt .kts .scala": 'System.getenv("{name}")',
    ".cs .fs .vb": 'Environment.GetEnvironmentVariable("{name}")',
    ".rb": 'ENV.fetch("{name}")',
    ".php": "getenv('{name}')",
    ".rs": 'std::env::var("{name}")',
    ".ex .exs": 'System.fetch_env!("{name}")',
    ".c .cc .cpp .h .hpp .m .mm": 'getenv("{name}")',
}
"""How each language reads a variable, by the ends of its files' names."""
_INSTEAD: tuple[tuple[str, str], ...] = (
    (
        r"layer .*: /.*",
        (
            "Keep the file out of the image (.dockerignore): a later layer that deletes it hides nothing. Hand {name}"
            " over when the container starts, or to the build alone by `RUN --mount=type=secret,id={lower}`."
        ),
    ),
    (
        r"(.*, )?(history step|environment|label) .*",
        (
            "Take {key} out of the Dockerfile and its build arguments: everybody who can pull the image can read it."
            " Use `RUN --mount=type=secret,id={lower}` while building, and compose's `environment` at run time."
        ),
    ),
    (
        r"(.*/)?\.github/workflows/.*",
        "Write `${{{{ secrets.{name} }}}}` and store the value with `gh secret set {name}`.",
    ),
    (
        r"(.*/)?\.gitlab-ci.*",
        "Write `${name}` and store the value as a masked variable: Settings, CI/CD, Variables.",
    ),
    (
        r"(.*/)?(group_vars|host_vars|roles|playbooks?|ansible)(/|_|\.).*|(.*/)?playbook.*\.ya?ml",
        "Write the value by `ansible-vault encrypt_string --name {lower}`, or use `lookup('env', '{name}')`.",
    ),
    (
        r".*\.(tf|tfvars|hcl)",
        (
            'Declare `variable "{lower}" {{ sensitive = true }}`, write `var.{lower}`, and hand the value over as'
            " `TF_VAR_{lower}` or from the secret store."
        ),
    ),
    (
        r"(.*/)?(values[^/]*|charts?/.*)\.ya?ml",
        "Leave it empty in the values, and let the chart name an existing Secret.",
    ),
    (
        r"(.*/)?(application|bootstrap)[^/]*\.(properties|ya?ml)",
        "Write `${{{name}}}` without a default, and {host}.",
    ),
    (
        r"(.*/)?appsettings[^/]*\.json",
        (
            "Take {key} out of the file: the program reads it from a variable of the same path, joined by `__`."
            " While developing, `dotnet user-secrets` keeps it."
        ),
    ),
    (r"(.*/)?(pom|settings|build)[^/]*\.xml", "Write `${{env.{name}}}`, and hand the variable over where it runs."),
    (r"(.*/)?\.?(npmrc|yarnrc)", "Write `${{{name}}}`, and hand the variable over where it runs."),
    (r".*\.service", "Use `LoadCredential=` or an `EnvironmentFile=` of mode 0600 that is not in git."),
    (r"(.*/)?(makefile|.*\.mk)", "Write `$({name})`, and let the caller's environment bring the value."),
)
"""First match of the path, in small letters, counts."""


def variable(key: str) -> str:
    """Make the name of the variable that would carry a key's value."""
    return _NOT_NAMES.get(key) or "_".join(words(key)).upper() or "SECRET"


def rotation(key: str) -> str:
    """Tell what a secret needs that has been in the history."""
    return f"Rotate {key}: issue a new value and revoke the old one; deleting the line does not take it back."


def remedy(path: str, key: str, kind: str) -> str:
    """Tell exactly what to write and where the value goes."""
    if kind == "private-key":
        return f"Delete the key from the repository and mount it at run time, or keep it in the secret store. {ROTATE}"
    return f"{_instead(path, key, variable(key), kind)} {ROTATE}"


def _instead(path: str, key: str, name: str, kind: str) -> str:
    if kind == "kubernetes-secret":
        return (
            f"Take {key} out of the manifest and let a SealedSecret or ExternalSecret bring it; base64 hides nothing."
        )
    for pattern, told in _INSTEAD:
        if re.fullmatch(pattern, path.lower()):
            return told.format(key=key, name=name, lower=name.lower(), host=_HOST)
    if kind == "name-value" and path.endswith((".yml", ".yaml")):
        return (
            f"Write `valueFrom: {{secretKeyRef: ...}}` in place of the value of {key}, and keep the Secret out of git."
        )
    if kind in _IN_ADDRESS and format_of(path, "") is Format.SOURCE:
        whole = name.removesuffix("_PASSWORD").removesuffix("_USER")
        return f"{_reading(path, whole)} in place of the whole address, and {_HOST}."
    return _by_format(path, key, name)


def _by_format(path: str, key: str, name: str) -> str:
    form = format_of(path, "")
    told = {
        Format.DOCKERFILE: f"Take {key} out of the image: give the container `{name}: ${{{name}:?{name} required}}` in"
        f" compose, or the build alone `RUN --mount=type=secret,id={name.lower()}`.",
        Format.ENVIRONMENT: f"Take the file out of git and keep {name} in the env file on the host (mode 0600), or in"
        " the secret store.",
        Format.NETRC: "Take the file out of git, and let the machine that needs it bring its own.",
        Format.SHELL: f'Write `"${{{name}:?{name} required}}"`, and let the caller\'s environment bring the value.',
        Format.YAML: f"Write `${{{name}:?{name} required}}` and {_HOST}.",
        Format.SOURCE: f"{_reading(path, name)}, and {_HOST}.",
    }
    return (
        told.get(form)
        or f"Take the value out of the file: let the program read {name} from its environment, and {_HOST}."
    )


def _reading(path: str, name: str) -> str:
    end = PurePosixPath(path).suffix.lower()
    how = next((told for ends, told in _READ.items() if end in ends.split()), "")
    return f"Write `{how.format(name=name)}`" if how else f"Read {name} from the environment"
