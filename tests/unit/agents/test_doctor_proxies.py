"""What doctor says of where requests go."""

from pathlib import PurePosixPath

import pytest

from agents.entrypoints.checkup.check import State
from agents.entrypoints.checkup.place import Place
from agents.entrypoints.checkup.proxies import judged_route
from config.targets import ComposeTarget, HostSettings
from tools.local import LocalHost
from tools.proxies.port import Backend

SETTINGS = HostSettings(name="shop-1")
PLACE = Place(LocalHost("shop-1"), SETTINGS, ComposeTarget(hosts=(SETTINGS,), directory=PurePosixPath("/opt/shop")))
ONE = Backend("0123456789ab", "10.231.57.254", 8000)


@pytest.mark.parametrize(
    ("backends", "running", "state", "told"),
    [
        ((), "", State.OPTIONAL, "go to nobody yet"),
        ((ONE,), f"true {ONE.name}cdef\n", State.OK, "go to 0123456789ab at 10.231.57.254:8000"),
        ((ONE,), f"false {ONE.name}cdef\n", State.MISSING, "go to 0123456789ab, which does not run"),
        ((ONE,), "", State.MISSING, "go to 0123456789ab, which does not run"),
    ],
)
def test_requests_that_go_to_nothing_are_told(
    backends: tuple[Backend, ...], running: str, state: State, told: str
) -> None:
    check = judged_route("shop-1: requests for web", backends, running, PLACE, "shop")
    assert (check.state, check.detail) == (state, told)
    assert (state is State.OK) != bool(check.remedy)
