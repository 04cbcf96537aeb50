"""Engines of different runs must never share an address."""

from ipaddress import ip_interface, ip_network
from pathlib import Path

from tests.stage.bridge import SLOTS, Bridge
from tests.stage.packages import Toolset

BRIDGES = [Bridge(slot, Toolset("/bin", None, private=True)) for slot in range(SLOTS)]


def test_every_slot_has_a_range_of_its_own_within_the_addresses_set_aside_for_tests() -> None:
    ranges = [ip_network(bridge.range) for bridge in BRIDGES]
    assert len(set(ranges)) == SLOTS
    assert all(one.subnet_of(ip_network("198.18.0.0/15")) for one in ranges)  # type: ignore[arg-type] # all are IPv4


def test_a_bridge_has_an_address_within_its_range_and_a_name_the_kernel_accepts() -> None:
    for bridge in BRIDGES:
        assert ip_interface(bridge.address).ip in ip_network(bridge.range)
        assert len(bridge.name) <= 15
        assert Path(bridge.name).name == bridge.name
