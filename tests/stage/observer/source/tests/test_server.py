import json
import threading
import urllib.request

import pytest

from observer.server import Server, Status, answer


@pytest.fixture
def status() -> Status:
    return Status()


def test_health_answers_200(status: Status) -> None:
    assert answer("/health", status)[0] == 200


def test_the_first_page_tells_name_and_count(status: Status) -> None:
    status.observed(4)
    about = json.loads(answer("/", status)[2])
    assert about["service"] == "observer"
    assert about["observations"] == 4


def test_an_unknown_path_is_not_found(status: Status) -> None:
    assert answer("/nowhere", status)[0] == 404


def test_the_server_answers_over_http(status: Status) -> None:
    server = Server(0, status)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=5) as reply:
        assert reply.status == 200
    server.shutdown()
    server.server_close()
