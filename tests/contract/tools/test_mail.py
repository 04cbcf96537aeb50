"""P18 letters, before a real SMTP server on loopback: encrypted, logged in, refused, deferred, silent."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from config.escalation import EmailSettings
from tools.errors import Denied, TimedOut, ToolError, Unreachable, Unwanted
from tools.mail import Deferred, Mail, Post

NOON = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)
POST = Post(
    "r1/escalated/email/a", "r1", "a@example.com", "LOCKED: observer\nBcc: eve@example.com", "Grüße\n.\nbye\n", NOON
)


@dataclass
class Desk:
    """What a mail server was given, and what it answers."""

    username: str = "shipmate"
    password: str = field(default_factory=lambda: token_hex(12))
    refusals: dict[str, str] = field(default_factory=dict)
    on_data: str = "250 taken"
    silent: bool = False
    taken: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.silent:
            await asyncio.Event().wait()
        self.asked.append(address)
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        content = envelope.content
        assert isinstance(content, bytes)
        if self.on_data.startswith("2"):
            self.taken.append(message_from_bytes(content, policy=policy.default))
            self.encrypted.append(session.ssl is not None)
        return self.on_data

    def checks(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        right = (given.login, given.password) == (self.username.encode(), self.password.encode())
        return AuthResult(success=right, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    whole = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + built.public_bytes(serialization.Encoding.PEM)
    file = tmp_path_factory.mktemp("mail") / "mail.pem"
    file.write_bytes(whole)
    return file


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def serving(
    desk: Desk, certificate: Path, security: str = "starttls", **more: Any
) -> AsyncIterator[EmailSettings]:
    """Run a server; yields the settings that fit it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    options: dict[str, Any] = {"hostname": "mail.example.com"}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True}
        options |= {"authenticator": desk.checks}
    elif security == "tls":
        options |= {"authenticator": desk.checks, "auth_required": True, "auth_require_tls": False}
    options |= more
    loop = asyncio.get_running_loop()

    def speaks() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it does not know that the whole connection is encrypted
            return SMTP(desk, loop=loop, **options)

    server = await loop.create_server(speaks, "127.0.0.1", 0, ssl=context if security == "tls" else None)
    try:
        yield EmailSettings.model_validate(
            {
                "host": "127.0.0.1",
                "port": server.sockets[0].getsockname()[1],
                "security": security,
                "sender": "bot@example.com",
                "recipients": ["a@example.com"],
                "timeout": "10s",
                "ca_file": certificate,
            }
        )
    finally:
        server.close()


def mail(settings: EmailSettings, desk: Desk, **changed: Any) -> Mail:
    return Mail(settings.model_copy(update=changed), desk.username, SecretStr(desk.password))


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_p18_a_letter_arrives_encrypted_by_a_login_and_is_what_was_written(
    desk: Desk, certificate: Path, security: str
) -> None:
    async with serving(desk, certificate, security) as settings:
        await mail(settings, desk).check()
        assert desk.asked == []
        await mail(settings, desk).send(POST)
        await mail(settings, desk).send(POST)
    first, second = desk.taken
    assert first.get_content().replace("\r\n", "\n") == POST.text
    assert first.get_content_type() == "text/plain"
    assert (first["To"], first["From"]) == ("a@example.com", "Shipmate <bot@example.com>")
    assert first["Subject"] == "LOCKED: observer Bcc: eve@example.com"
    assert first["Bcc"] is None
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert desk.asked == ["a@example.com"] * 2
    if security == "starttls":
        assert desk.encrypted == [True, True]


async def test_p18_half_a_character_does_not_keep_a_letter_back(desk: Desk, certificate: Path) -> None:
    async with serving(desk, certificate) as settings:
        await mail(settings, desk).send(replace(POST, subject="LOCKED \ud800", text="caf\udce9"))
    assert (desk.taken[0]["Subject"], desk.taken[0].get_content().strip()) == ("LOCKED ?", "caf?")


async def test_p18_letters_of_one_escalation_hang_together_and_differ(desk: Desk, certificate: Path) -> None:
    async with serving(desk, certificate) as settings:
        await mail(settings, desk).send(POST)
        await mail(settings, desk).send(Post("r1/resolved/email/a", "r1", POST.to, "RESOLVED", "well", NOON))
    first, second = desk.taken
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


async def test_p18_without_encryption_no_login_is_sent(desk: Desk, certificate: Path) -> None:
    async with serving(desk, certificate, "none") as settings:
        await mail(settings, desk).send(POST)
    assert len(desk.taken) == 1


REFUSALS: dict[str, tuple[str, str, type[ToolError]]] = {
    "nobody of that name": ("a@example.com", "550 5.1.1 no such user", Denied),
    "greylisted": ("a@example.com", "451 4.7.1 come back later", Deferred),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_p18_a_refused_recipient_is_told_from_one_that_is_to_be_tried_again(
    desk: Desk, certificate: Path, case: str
) -> None:
    address, said, kind = REFUSALS[case]
    desk.refusals[address] = said
    async with serving(desk, certificate) as settings:
        with pytest.raises(kind) as told:
            await mail(settings, desk).send(POST)
    assert type(told.value) is kind
    assert said[4:] in str(told.value)
    assert desk.taken == []


@pytest.mark.parametrize(("said", "kind"), [("554 spam", Unwanted), ("452 full", Deferred)])
async def test_p18_a_refused_letter_is_none_that_arrived(
    desk: Desk, certificate: Path, said: str, kind: type[ToolError]
) -> None:
    desk.on_data = said
    async with serving(desk, certificate) as settings:
        with pytest.raises(kind, match=said[4:]):
            await mail(settings, desk).send(POST)


async def test_p18_a_wrong_login_names_the_variables_and_not_the_password(desk: Desk, certificate: Path) -> None:
    wrong = token_hex(12)
    async with serving(desk, certificate) as settings:
        with pytest.raises(Denied, match="SHIPMATE_SMTP_PASSWORD") as told:
            await Mail(settings, desk.username, SecretStr(wrong)).check()
    assert wrong not in str(told.value)


async def test_p18_a_certificate_of_nobody_is_refused(desk: Desk, certificate: Path) -> None:
    for security in ("starttls", "tls"):
        async with serving(desk, certificate, security) as settings:
            with pytest.raises(Denied, match="certificate"):
                await mail(settings, desk, ca_file=None).send(POST)
    assert desk.taken == []


async def test_p18_a_server_without_starttls_gets_no_letter_in_clear(desk: Desk, certificate: Path) -> None:
    async with serving(desk, certificate, "none") as settings:
        with pytest.raises(Denied, match="STARTTLS"):
            await mail(settings, desk, security="starttls").send(POST)
    assert desk.taken == []


async def test_p13_a_silent_server_is_given_up_in_time(desk: Desk, certificate: Path) -> None:
    desk.silent = True
    async with serving(desk, certificate) as settings:
        with pytest.raises(TimedOut):
            await mail(settings, desk, timeout=timedelta(seconds=0.5)).send(POST)


async def test_p13_a_server_that_is_not_there_is_unreachable(desk: Desk, certificate: Path) -> None:
    async with serving(desk, certificate) as settings:
        pass
    with pytest.raises(Unreachable):
        await mail(settings, desk).send(POST)
