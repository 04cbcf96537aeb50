import json
import threading
import urllib.request

from astrago.serving import make_server, respond


def test_health_is_told_with_the_version() -> None:
    assert respond("core", "v1", "/health", lambda _: None) == (
        200,
        {"status": "ok", "component": "core", "version": "v1"},
    )


def test_what_is_not_known_is_not_found() -> None:
    assert respond("core", "v1", "/x", lambda _: None)[0] == 404


def test_the_server_answers() -> None:
    server = make_server("core", "v1", lambda path: {"path": path}, port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/hello", timeout=5) as answer:
            assert json.load(answer) == {"path": "/hello"}
    finally:
        server.shutdown()
        server.server_close()
