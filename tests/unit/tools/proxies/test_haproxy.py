"""P9: what HAProxy is told, as whole strings, and what it answers."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.rollout import Route
from tools.errors import Garbled
from tools.proxies.haproxy_moves import Moves, Standing, moves, standing_in
from tools.proxies.haproxy_text import published, route_text, with_servers
from tools.proxies.port import Backend, Traffic

OLD, NEW = Backend("aaa", "10.0.0.9", 8000), Backend("bbb", "10.0.0.8", 8000)
COLUMNS = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,econ,eresp,status,weight,hrsp_5xx,rtime,addr,\n"
SERVES = Standing("aaa", "10.0.0.9:8000", 100, serving=True, traffic=Traffic(9, 0))


def standing(name: str, address: str, *, serving: bool = True, busy: int = 0, weight: int = 100) -> Standing:
    return Standing(name, address, weight, serving, Traffic(1, 0, open=busy))


def test_a_new_instance_joins_before_the_old_one_leaves() -> None:
    assert moves("shop.web", [SERVES], [NEW]) == Moves(
        ("add server shop.web/bbb 10.0.0.8:8000 weight 100", "enable server shop.web/bbb"),
        ("set server shop.web/bbb state maint", "del server shop.web/bbb"),
        ("set server shop.web/aaa state maint",),
    )


def test_nothing_is_told_where_everything_is_so() -> None:
    assert moves("shop.web", [SERVES], [OLD]) == Moves((), (), ())


def test_going_back_is_a_word_to_an_instance_that_is_known() -> None:
    there = [standing("aaa", "10.0.0.9:8000", serving=False), standing("bbb", "10.0.0.8:8000", busy=3)]
    assert moves("shop.web", there, [OLD]) == Moves(
        ("set server shop.web/aaa state ready",),
        ("set server shop.web/aaa state maint",),
        ("set server shop.web/bbb state maint",),
    )


def test_who_is_out_is_forgotten_once_nothing_is_under_way() -> None:
    there = [
        SERVES,
        standing("idle", "10.0.0.7:8000", serving=False),
        standing("busy", "10.0.0.6:8000", serving=False, busy=1),
    ]
    assert moves("shop.web", there, [OLD]).leaving == ("del server shop.web/idle",)


def test_a_share_or_an_address_that_changes_is_told_and_can_be_taken_back() -> None:
    wanted = Backend("aaa", "10.0.0.5", 8000, weight=10)
    assert moves("shop.web", [SERVES], [wanted]) == Moves(
        ("set server shop.web/aaa addr 10.0.0.5 port 8000", "set server shop.web/aaa weight 10"),
        ("set server shop.web/aaa addr 10.0.0.9 port 8000", "set server shop.web/aaa weight 100"),
        (),
    )


names = st.sampled_from("abcd")
servers = st.dictionaries(names, st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 100)))
wishes = st.dictionaries(names, st.integers(0, 100), min_size=1)


@given(servers, wishes)
def test_p9_after_the_moves_exactly_the_wanted_serve_and_at_no_moment_nobody_did(
    known: dict[str, tuple[bool, int, int]], wanted: dict[str, int]
) -> None:
    there = [standing(name, f"10.0.0.{ord(name)}:80", serving=s, busy=b, weight=w) for name, (s, b, w) in known.items()]
    todo = moves("r", there, [Backend(name, f"10.0.0.{ord(name)}", 80, weight) for name, weight in wanted.items()])
    serving = {one.name: one.weight for one in there if one.serving}
    weights = {one.name: one.weight for one in there}
    began = bool(serving)
    for command in (*todo.joining, *todo.leaving):
        _apply(command, serving, weights)
        assert serving or not began or command in todo.joining
    assert serving == wanted


def _apply(command: str, serving: dict[str, int], weights: dict[str, int]) -> None:
    words = command.split()
    name = words[2].removeprefix("r/")
    if "weight" in words:
        weights[name] = int(words[-1])
        serving.update({name: weights[name]} if name in serving else {})
    elif words[0] == "enable" or words[-1] == "ready":
        serving[name] = weights[name]
    elif words[-1] == "maint":
        serving.pop(name)
    else:
        assert words[0] == "del"
        assert name not in serving


def test_counters_are_read_by_their_names() -> None:
    rows = "r,aaa,0,0,2,5,,120,1,2,no check,40,3,17,10.0.0.9:8000,\nr,bbb,0,0,0,0,,0,0,0,MAINT,100,0,0,10.0.0.8:8000,\n"
    assert standing_in(COLUMNS + rows) == (
        Standing("aaa", "10.0.0.9:8000", 40, True, Traffic(120, 6, timedelta(milliseconds=17), 2)),
        Standing("bbb", "10.0.0.8:8000", 100, False, Traffic(0, 0)),
    )


@pytest.mark.parametrize("answer", ["", "No such proxy.\n", "\n\n"])
def test_an_unknown_route_has_no_servers(answer: str) -> None:
    assert standing_in(answer) == ()


def test_counters_that_cannot_be_read_are_told() -> None:
    with pytest.raises(Garbled, match="counters could not be understood"):
        standing_in(COLUMNS + "r,aaa,0,0,many\n")


def test_a_route_s_file_changes_in_its_servers_alone() -> None:
    route = Route(port=8000, listen=80)
    text = with_servers(route_text("shop.web", route), [OLD])
    assert text.endswith("    server aaa 10.0.0.9:8000 weight 100\n")
    assert with_servers(text, [NEW]) == text.replace("aaa 10.0.0.9", "bbb 10.0.0.8")
    moved = route_text("shop.web", Route(port=8000, listen=81), text)
    assert "    bind :81\n" in moved
    assert moved.endswith("    server aaa 10.0.0.9:8000 weight 100\n")


def test_what_is_published_comes_from_the_routes_of_everybody() -> None:
    texts = [
        route_text("shop.web", Route(port=8000, listen=80)),
        route_text("blog.web", Route(port=8000, listen=8080, address="127.0.0.1")),
    ]
    assert published(texts) == ("0.0.0.0:80:80", "127.0.0.1:8080:8080")
    with pytest.raises(Garbled, match="has no port in it"):
        published(["frontend mine\n"])
