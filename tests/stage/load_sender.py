"""The process that sends a load: requests at a constant rate whatever becomes of them, one JSON line for each.

Started by `load.py`, it goes on until its standard input ends. It behaves as HTTP clients do: a kept connection that
was closed meanwhile is given up unused, and what may be repeated (GET) is sent once more over a fresh connection when
a kept one breaks before any byte of an answer (RFC 9112, 9.3.1). A POST never is.
"""

import asyncio
import json
import sys
import time
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from typing import Any

SPREAD = {"fresh": 0.7548776662, "post": 0.6180339887, "slow": 0.5698402910}
"""Steps that mix the kinds evenly, always in the same order, and independently of each other."""
OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Order:
    """What to send, and to whom."""

    port: int
    address: str = "127.0.0.1"
    rate: float = 200
    """Requests per second."""
    fresh: float = 0.5
    """Share that opens a connection of its own; the others keep theirs."""
    post: float = 0.2
    """Share that is sent with a body, which must come back."""
    slow: float = 0.0
    """Share that takes long to answer."""
    path: str = "/"
    post_path: str = "/echo"
    slow_path: str = "/slow?seconds=1"
    patience: float = 15.0
    """Seconds after which a request has failed."""
    most_open: int = 400
    """With that many under way the next one has failed at once."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One request and what became of it; moments are those of `time.perf_counter` on this machine."""

    kind: str
    """`get`, `post` or `slow`."""
    fresh: bool
    started: float
    ended: float
    status: int = 0
    version: str = ""
    """What answered, by the `version` in its JSON body."""
    failure: str = ""
    """Why it counts as failed; empty where it went well."""
    repeated: bool = False
    """Whether it was sent again, because a kept connection broke unused."""


@dataclass(slots=True)
class _Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False
    lasting: bool = True

    def gone(self) -> bool:
        return self.reader.at_eof() or self.reader.exception() is not None or self.writer.is_closing()

    def close(self) -> None:
        self.writer.close()


class _Broken(Exception):
    """The connection ended before any byte of an answer."""


@dataclass(slots=True)
class Sender:
    """Everything that is under way."""

    order: Order
    idle: list[_Line] = field(default_factory=list)
    open: set[asyncio.Task[None]] = field(default_factory=set)

    async def send(self, over: asyncio.Event) -> None:
        """Begin a request at each tick until it is over, then wait for those under way."""
        begun, number = time.perf_counter(), 0
        while not over.is_set():
            ahead = begun + number / self.order.rate - time.perf_counter()
            if ahead > 0:
                await _first(over.wait(), ahead)
                continue
            self._begin(number)
            number += 1
        if self.open:
            await asyncio.wait(self.open)
        for line in self.idle:
            line.close()

    def _begin(self, number: int) -> None:
        kind, fresh = _kind(number, self.order), _falls(number, "fresh", self.order.fresh)
        if len(self.open) >= self.order.most_open:
            now = time.perf_counter()
            _tell(Sample(kind, fresh, now, now, failure=f"not sent: {len(self.open)} were under way"))
            return
        task = asyncio.create_task(self._request(kind, number, fresh=fresh))
        self.open.add(task)
        task.add_done_callback(self.open.discard)

    async def _request(self, kind: str, number: int, *, fresh: bool) -> None:
        started, repeated = time.perf_counter(), False
        try:
            async with asyncio.timeout(self.order.patience):
                try:
                    status, body = await self._exchange(kind, number, fresh=fresh)
                except _Broken:
                    if fresh or kind == "post":
                        raise
                    repeated = True
                    status, body = await self._exchange(kind, number, fresh=True)
        except TimeoutError:
            failure = f"no answer within {self.order.patience:g} s"
            _tell(Sample(kind, fresh, started, time.perf_counter(), 0, "", failure, repeated))
        except (_Broken, OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            failure = f"{type(error).__name__.strip('_')}: {error}"
            _tell(Sample(kind, fresh, started, time.perf_counter(), 0, "", failure, repeated))
        else:
            version, failure = _judged(kind, number, status, body)
            _tell(Sample(kind, fresh, started, time.perf_counter(), status, version, failure, repeated))

    async def _exchange(self, kind: str, number: int, *, fresh: bool) -> tuple[int, bytes]:
        line = await self._line(fresh=fresh)
        kept = False
        try:
            line.writer.write(_written(kind, number, self.order, last=fresh))
            status, body = await _answer(line)
            kept = not fresh and line.lasting
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                raise
            # a fresh connection has no excuse
            raise _Broken("closed before the answer") if line.used else ConnectionError("no answer came") from error
        else:
            return status, body
        finally:
            line.used = True
            self.idle.append(line) if kept else line.close()

    async def _line(self, *, fresh: bool) -> _Line:
        while self.idle and not fresh:
            line = self.idle.pop()
            if not line.gone():
                return line
            line.close()
        return _Line(*await asyncio.open_connection(self.order.address, self.order.port))


def _written(kind: str, number: int, order: Order, *, last: bool) -> bytes:
    path = {"get": order.path, "post": order.post_path, "slow": order.slow_path}[kind]
    body = _body(number) if kind == "post" else b""
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        f"Host: {order.address}:{order.port}",
        *(["Connection: close"] if last else []),
        *([f"Content-Length: {len(body)}", "Content-Type: text/plain"] if body else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _answer(line: _Line) -> tuple[int, bytes]:
    head = await line.reader.readuntil(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    line.lasting = headers.get("connection", "").lower() != "close" and first.startswith("HTTP/1.1")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(line.reader)
    elif "content-length" in headers:
        body = await _exactly(line.reader, int(headers["content-length"]))
    else:
        line.lasting, body = False, await line.reader.read()
    return int(first.split(" ")[1]), body


async def _exactly(reader: asyncio.StreamReader, size: int) -> bytes:
    try:
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:  # the head was there: no request to be repeated
        raise EOFError(f"the answer broke off after {len(error.partial)} of {size} bytes") from error


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).strip() or b"0", 16):
        body += await _exactly(reader, size)
        await reader.readline()
    await reader.readline()
    return body


def _judged(kind: str, number: int, status: int, body: bytes) -> tuple[str, str]:
    """Read the version from an answer, and tell what is wrong with it."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    version = str(told.get("version", "")) if isinstance(told, dict) else ""
    if status not in OK:
        return version, f"status {status}"
    if kind == "post" and _body(number).decode() not in body.decode(errors="replace"):
        return version, "the body did not come back"
    return version, ""


def _body(number: int) -> bytes:
    return f"request {number:09d} {'.' * 200}".encode()


def _kind(number: int, order: Order) -> str:
    if _falls(number, "slow", order.slow):
        return "slow"
    return "post" if _falls(number, "post", order.post) else "get"


def _falls(number: int, kind: str, share: float) -> bool:
    return (number * SPREAD[kind]) % 1 < share


async def _first(waiting: Coroutine[Any, Any, Any], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return


def _tell(sample: Sample) -> None:
    sys.stdout.write(json.dumps(asdict(sample)) + "\n")
    sys.stdout.flush()


async def _serve(order: Order) -> None:
    over = asyncio.Event()
    line = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(line), sys.stdin)
    sending = asyncio.create_task(Sender(order).send(over))
    await line.read()
    over.set()
    await sending


if __name__ == "__main__":
    asyncio.run(_serve(Order(**json.loads(sys.argv[1]))))
