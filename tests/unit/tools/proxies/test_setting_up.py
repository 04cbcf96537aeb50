"""What `host setup` makes of what it finds on a host."""

import re
from dataclasses import replace

import pytest

from config.rollout import ReverseProxy, Route
from tools.errors import Denied
from tools.proxies.haproxy_text import COMMON, common_text, route_text, with_servers
from tools.proxies.port import Backend
from tools.proxies.setting_up import Setup, described, setup_of, spec_of
from tools.proxies.surroundings import Listening, Network, Surroundings, listening_in, published_in, ways_in

SETTINGS = ReverseProxy(routes={"web": Route(port=8000, listen=80)})
EMPTY = Surroundings()
TEXT = common_text()
OTHERS = route_text("blog.web", Route(port=8000, listen=8080, address="127.0.0.1"))


def ready() -> Surroundings:
    """A host on which everything is there, with a route of somebody else and an instance behind ours."""
    ours = with_servers(route_text("shop.web", SETTINGS.routes["web"]), [Backend("aaa", "10.231.57.254", 8000)])
    files = {COMMON: common_text(), "shop.web.cfg": ours, "blog.web.cfg": OTHERS}
    bare = Surroundings(image=True, volume=True, files=files)
    return replace(
        bare,
        networks=(Network("shipmate", ("10.231.57.0/24",), ours=True),),
        running=True,
        spec=spec_of(setup_of(SETTINGS, "shop", bare).container),
    )


def test_an_empty_host_gets_network_image_files_and_container() -> None:
    todo = setup_of(SETTINGS, "shop", EMPTY)
    assert (todo.network, todo.pull, sorted(todo.files or {})) == (
        "10.231.57.0/24",
        "haproxy:3.2.22",
        [COMMON, "shop.web.cfg"],
    )
    command = " ".join(todo.container)
    for word in ("--read-only", "--cap-drop ALL", "no-new-privileges", "--restart unless-stopped", "--memory 256M"):
        assert word in command
    assert "--publish 0.0.0.0:80:80" in command
    assert [line.split()[0] for line in described(todo, SETTINGS)] == ["make", "fetch", "write", "make"]


def test_a_host_that_is_ready_is_left_alone() -> None:
    assert setup_of(SETTINGS, "shop", ready()).nothing


def test_a_reload_lets_every_request_end_that_a_server_may_still_answer_and_says_for_how_long() -> None:
    minutes = {
        name: int(told) for name, told in re.findall(r"^ +(hard-stop-after|timeout \w+) (\d+)m$", TEXT, re.MULTILINE)
    }
    assert minutes["hard-stop-after"] > max(minutes["timeout server"], minutes["timeout client"])
    changed = replace(ready(), files={**ready().files, COMMON: "of a former version"})
    (_, read) = described(setup_of(SETTINGS, "shop", changed), SETTINGS)
    assert read.endswith(f"those under way get {minutes['hard-stop-after']} minutes to end")


def test_a_stopped_proxy_is_only_started() -> None:
    assert setup_of(SETTINGS, "shop", replace(ready(), running=False)) == Setup(start=True)


def test_the_routes_of_others_and_the_instances_behind_ours_stay() -> None:
    moved = ReverseProxy(routes={"web": Route(port=8000, listen=81)})
    todo = setup_of(moved, "shop", ready())
    assert todo.files
    assert todo.files["blog.web.cfg"] == OTHERS
    assert "    server aaa 10.231.57.254:8000 weight 100\n" in todo.files["shop.web.cfg"]
    assert todo.replaces
    assert {"0.0.0.0:81:81", "127.0.0.1:8080:8080"} <= set(todo.container)
    assert any("requests find nobody" in line for line in described(todo, moved))


@pytest.mark.parametrize(
    ("listening", "told"),
    [
        (Listening("0.0.0.0", 80, "old-web-1"), "port 80 is taken by the container old-web-1"),
        (Listening("127.0.0.1", 80, "old-web-1"), "port 80 is taken by the container old-web-1"),
        (Listening("", 80, ""), "port 80 is taken by a program of the host"),
    ],
)
def test_a_port_that_is_taken_is_told_with_its_holder(listening: Listening, told: str) -> None:
    with pytest.raises(Denied, match=told):
        setup_of(SETTINGS, "shop", replace(EMPTY, listening=(listening,)))


def test_another_address_of_the_same_port_is_no_conflict() -> None:
    only_here = ReverseProxy(routes={"web": Route(port=8000, listen=80, address="127.0.0.1")})
    other = Surroundings(listening=(Listening("192.0.2.7", 80, ""),))
    assert setup_of(only_here, "shop", other).container


def test_the_proxy_s_own_ports_are_not_in_its_way() -> None:
    mine = (Listening("0.0.0.0", 80, "shipmate-proxy"), Listening("0.0.0.0", 80, ""))
    found = replace(ready(), spec="made from something older", listening=mine)
    assert setup_of(SETTINGS, "shop", found).replaces


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Surroundings(networks=(Network("vpn", ("10.231.0.0/16",), ours=False),)), "network vpn \\(10.231.0.0/16\\)"),
        (Surroundings(ways=("10.231.57.128/25",)), "route to 10.231.57.128/25"),
        (Surroundings(networks=(Network("shipmate", ("172.20.0.0/16",), ours=False),)), "did not make"),
    ],
)
def test_addresses_that_belong_to_somebody_are_told(found: Surroundings, told: str) -> None:
    with pytest.raises(Denied, match=told):
        setup_of(SETTINGS, "shop", found)


def test_a_network_of_ours_with_other_addresses_is_kept_and_told() -> None:
    found = replace(ready(), networks=(Network("shipmate", ("10.9.0.0/24",), ours=True),))
    todo = setup_of(SETTINGS, "shop", found)
    assert todo.nothing
    assert described(todo, SETTINGS) == (
        "the network shipmate keeps its addresses 10.9.0.0/24 (declared: 10.231.57.0/24)",
    )


def test_other_proxies_need_the_network_alone() -> None:
    assert setup_of(ReverseProxy(kind="nginx", routes={"web": Route(port=8000)}), "shop", EMPTY) == Setup(
        network="10.231.57.0/24"
    )


def test_the_tables_of_the_host_are_read() -> None:
    tcp = "  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0100007F:0016 0:0 01 0\n"
    six = "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n"
    assert listening_in(tcp + six) == (Listening("", 80, ""), Listening("127.0.0.1", 8080, ""))
    routes = (
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\neth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n"
    )
    assert ways_in(routes) == ("172.17.0.0/16",)
    line = '{"Names":"web","Ports":"0.0.0.0:80->80/tcp, [::]:80->80/tcp, 127.0.0.1:7000-7001->7000-7001/tcp, 9/tcp"}\n'
    assert [(one.address, one.port) for one in published_in(line)] == [
        ("0.0.0.0", 80),
        ("::", 80),
        ("127.0.0.1", 7000),
        ("127.0.0.1", 7001),
    ]
