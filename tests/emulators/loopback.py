"""What all emulators share: one HTTP server on loopback, and the ways in which it can misbehave."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SIGN_IN_PAGE = "<!doctype html><html><title>Sign in</title><body>Please sign in to the network.</body></html>"
FOR_EVER = 1_000_000


@dataclass(slots=True)
class Fault:
    """One way to misbehave towards the next `times` requests whose path contains `path`."""

    path: str = ""
    method: str = ""
    """Only these requests (`PUT`); all where empty."""
    times: int = 1
    status: int | None = None
    """Answer with this instead of handling the request."""
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before anything happens."""
    lose_answer: bool = False
    """Handle the request, then cut the connection: the caller cannot know that it worked."""


class Faults:
    """The switches by which a test makes a service misbehave; the oldest matching switch wins."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Switch a fault on."""
        self._armed.append(fault)

    def clear(self) -> None:
        """Behave again."""
        self._armed.clear()

    def fail(
        self,
        status: int = 500,
        *,
        path: str = "",
        method: str = "",
        times: int = 1,
        body: str = "{}",
        retry_after: int = 0,
    ) -> None:
        """Answer with an error status, with a Retry-After header where one is given."""
        headers = {"Retry-After": str(retry_after)} if retry_after else {}
        self.arm(Fault(path=path, method=method, times=times, status=status, body=body, headers=headers))

    def show_a_web_page(self, *, path: str = "", times: int = 1) -> None:
        """Answer 200 with HTML, as a captive portal or a proxy does."""
        self.arm(Fault(path=path, times=times, status=200, body=SIGN_IN_PAGE, content_type="text/html"))

    def slow_down(self, seconds: float, *, path: str = "", times: int = 1) -> None:
        """Handle requests late."""
        self.arm(Fault(path=path, times=times, delay=seconds))

    def hang(self, *, path: str = "", times: int = 1) -> None:
        """Accept requests and never answer them."""
        self.slow_down(FOR_EVER, path=path, times=times)

    def lose_answers(self, *, path: str = "", method: str = "", times: int = 1) -> None:
        """Do what was asked, then cut the connection."""
        self.arm(Fault(path=path, method=method, times=times, lose_answer=True))

    def take(self, path: str, method: str = "") -> Fault | None:
        """Use up one occurrence of the fault that applies to a request."""
        applying = (fault for fault in self._armed if fault.path in path and fault.method in ("", method))
        fault = next(applying, None)
        if fault is None:
            return None
        fault.times -= 1
        if fault.times <= 0:
            self._armed.remove(fault)
        return fault


class Loopback:
    """An HTTP server on 127.0.0.1 that keeps its port while it is taken down and brought back."""

    def __init__(self, build: Callable[[], web.Application], port: int = 0) -> None:
        self.port = port
        self.faults = Faults()
        self._build = build
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Tell where the server listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def up(self) -> None:
        """Listen; on the same port as before where there was one."""
        if self._runner is not None:
            return
        application = self._build()
        application.middlewares.append(self._misbehave())
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def down(self) -> None:
        """Cut every connection and refuse new ones."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def _misbehave(self) -> Middleware:
        @web.middleware
        async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
            fault = self.faults.take(request.path, request.method)
            return await handler(request) if fault is None else await _suffer(fault, request, handler)

        return misbehave


async def _suffer(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(fault.delay)
    if fault.status is not None:
        return web.Response(
            status=fault.status, text=fault.body, content_type=fault.content_type, headers=dict(fault.headers)
        )
    answer = await handler(request)
    if fault.lose_answer and request.transport is not None:
        request.transport.abort()
    return answer
