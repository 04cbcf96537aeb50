"""What a host says is told without the values of its env file."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import cast

import pytest

from agents.discretion import hush, hushed, secrets_in, told, unmaskable
from agents.toolbox import Server, Toolbox
from tools.errors import CommandFailed, NoWayIn, ToolError, Unreachable
from tools.redaction import Redactor

VALUE = "s3cret" + "-value"
SHORT = "hunter" + "2"
DSN = f"https://{'0a1b2c3d' * 4}@o1.ingest.example.com/7"


@dataclass
class Machine:
    """A host of which only the env file matters; None where it cannot be read."""

    env_file: str | None
    name: str = "web-1"
    reads: list[PurePosixPath] = field(default_factory=list)

    async def read(self, path: PurePosixPath) -> bytes:
        self.reads.append(path)
        if self.env_file is None:
            raise Unreachable("web-1 does not answer.")
        return self.env_file.encode()


def server(machine: Machine) -> Server:
    return cast("Server", SimpleNamespace(host=machine, name=machine.name))


def tools() -> Toolbox:
    target = SimpleNamespace(directory=PurePosixPath("/srv/observer"), env_file=PurePosixPath(".env"))
    environment, redactor = SimpleNamespace(compose=target), Redactor(spared=["observer"])
    return cast("Toolbox", SimpleNamespace(environment=environment, redactor=redactor, given_env=None))


async def test_what_was_read_on_a_host_is_masked_everywhere_from_then_on_but_for_names_that_all_speak_of() -> None:
    """P16: a secret is registered when it is acquired."""
    toolbox = tools()
    await told(toolbox, server(Machine(f"DB_PASSWORD={VALUE}\nAPP_SECRET=observer\n")), "a log")
    assert toolbox.redactor.outgoing(f"observer says {VALUE}") == "observer says [redacted:DB_PASSWORD]"


def test_only_settings_named_for_a_secret_are_read_as_one() -> None:
    lines = ("# A comment", "PORT=8080", f'export DB_PASSWORD="{VALUE}"', f"KIS_API_KEY={VALUE} ", "KEY_FILE=/run/x")
    assert list(secrets_in("\n".join(lines))) == [("DB_PASSWORD", VALUE), ("KIS_API_KEY", VALUE)]


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("AUTH_IMAGE=registry.example.com/team", None),
        ("AUTH_BACKEND=observer-sessions-of-people", None),
        ("SENTRY_DSN=https://o1.ingest.example.com/7", None),
        (f"SENTRY_DSN={DSN}", DSN),
        ("AUTH_DATABASE=postgres://u:Harbor77@db/x", "Harbor77"),
        ("APP_AUTH=" + "a1B2c3D4" + "e5F6g7H8", "a1B2c3D4" + "e5F6g7H8"),
        ("DB_PASSWORD=registry.example.com/team", "registry.example.com/team"),
    ],
)
def test_of_a_setting_that_is_hardly_named_for_a_secret_only_a_machine_made_value_is_one(
    line: str, secret: str | None
) -> None:
    assert [value for _, value in secrets_in(line)] == [secret] * (secret is not None)


def test_a_remark_behind_a_secret_is_not_part_of_it() -> None:
    assert list(secrets_in(f"SMTP_PASS={VALUE} # of the old mail server")) == [("SMTP_PASS", VALUE)]


def test_the_password_of_an_address_is_a_secret_under_any_name() -> None:
    assert list(secrets_in(f"DATABASE_URL=postgres://u:{VALUE}@db/x\nHOME_URL=https://x.example")) == [
        ("DATABASE_URL", VALUE)
    ]


async def test_every_line_of_a_secret_of_several_lines_is_masked_in_a_log() -> None:
    machine = Machine(f'SIGNING_KEY="first-{VALUE}\nsecond-{VALUE}"')
    seen = await told(tools(), server(machine), f"starting\nsecond-{VALUE}\n")
    assert (seen.text, seen.leaked) == ("starting\n[redacted:SIGNING_KEY]\n", ("SIGNING_KEY",))


@pytest.mark.parametrize(
    ("env_file", "names"),
    [
        (f"DB_PASSWORD={SHORT}", ("DB_PASSWORD",)),
        ("DB_PASSWORD=aaaaaaaaaaaaaa", ("DB_PASSWORD",)),
        (f"DATABASE_URL=postgres://u:{SHORT}@db/x", ("DATABASE_URL",)),
        (f"DB_PASSWORD={VALUE}\nDB_TOKEN=\nAUTH=on\nPORT=8080\nHOME_URL=https://x.example", ()),
    ],
)
def test_a_secret_that_no_log_can_be_kept_free_of_is_named(env_file: str, names: tuple[str, ...]) -> None:
    assert unmaskable(env_file) == names


@pytest.mark.parametrize(
    ("said", "env_file", "shown"),
    [
        (f"bad {VALUE}", f"DB_PASSWORD={VALUE}", "bad [redacted:DB_PASSWORD]"),
        (f"Invalid hostPort: {SHORT}", f"OBSERVER_PORT={SHORT}", "Invalid hostPort: [redacted:OBSERVER_PORT]"),
        (f"Invalid hostPort: {SHORT}", f"DB_PASSWORD={SHORT}", "Invalid hostPort: [redacted:DB_PASSWORD]"),
        (
            f'failed to read .env: line 3: unexpected character "%" in variable name "{SHORT}%x"\nline two',
            f"-----BEGIN\n{SHORT}%x",
            'failed to read .env: line 3: unexpected character "%" in variable name [withheld]\nline two',
        ),
        (f'line 9: unterminated quoted value "{SHORT}', "", "line 9: unterminated quoted value [withheld]"),
        ("Error response on web-1", "LEVEL=Error\nA_PIN=web", "Error response on web-1"),
    ],
)
def test_what_compose_prints_is_told_without_any_value(said: str, env_file: str, shown: str) -> None:
    assert hush(said, env_file) == shown


async def test_an_error_from_a_host_is_told_without_the_values_on_it() -> None:
    machine = Machine(f"DB_PASSWORD={VALUE}")
    assert await hushed(tools(), [server(machine)], CommandFailed(f"bad {VALUE}")) == "bad [redacted:DB_PASSWORD]"
    assert machine.reads == [PurePosixPath("/srv/observer/.env")]


async def test_what_a_command_said_is_withheld_where_its_values_are_not_known() -> None:
    seen = await hushed(tools(), [server(Machine(None))], CommandFailed(f"bad {VALUE}"))
    assert VALUE not in seen
    assert "the env file on web-1 could not be read" in seen
    assert "web-1 does not answer." in seen


@pytest.mark.parametrize("error", [Unreachable("web-1 is gone."), NoWayIn("web-1 refused the login.")])
async def test_a_host_that_is_gone_is_not_asked_for_its_env_file(error: ToolError) -> None:
    machine = Machine(None)
    assert await hushed(tools(), [server(machine)], error) == str(error)
    assert machine.reads == []
