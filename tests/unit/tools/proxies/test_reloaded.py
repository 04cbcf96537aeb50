"""P9: the files that nginx and Caddy include, as whole texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.proxies.port import Backend
from tools.proxies.reloaded_text import MOST_REPEATED, caddy_text, nginx_text, remembered

ONE, TWO = Backend("aaa", "10.0.0.9", 8000, 90), Backend("bbb", "10.0.0.8", 8000, 30)
HEAD = "# Written by Shipmate at every release; changes made here by hand are lost.\n"


def test_nginx_gets_an_upstream_with_shares() -> None:
    assert nginx_text("shop.web", [ONE, TWO]) == (
        f"{HEAD}# instance aaa 10.0.0.9:8000 weight 90\n# instance bbb 10.0.0.8:8000 weight 30\n"
        "upstream shop.web {\n    server 10.0.0.9:8000 weight=90;\n    server 10.0.0.8:8000 weight=30;\n}\n"
    )


def test_caddy_names_an_instance_as_often_as_its_share() -> None:
    assert "reverse_proxy 10.0.0.9:8000 10.0.0.9:8000 10.0.0.9:8000 10.0.0.8:8000 {\n" in caddy_text(
        "shop.web", [ONE, TWO]
    )


@pytest.mark.parametrize("none", [[], [Backend("aaa", "10.0.0.9", 8000, 0)]])
def test_with_nobody_to_ask_both_files_stay_valid(none: list[Backend]) -> None:
    assert "server 127.0.0.1:1 down;" in nginx_text("shop.web", none)
    assert 'respond "shop.web has no instance" 503' in caddy_text("shop.web", none)


backends = st.lists(
    st.builds(
        Backend,
        st.text("0123456789abcdef", min_size=12, max_size=12),
        st.ip_addresses(v=4).map(str),
        st.integers(1, 65535),
        st.integers(0, 100),
    ),
    max_size=5,
)


@given(backends)
def test_what_was_written_can_be_read_again(given_ones: list[Backend]) -> None:
    for text in (nginx_text("shop.web", given_ones), caddy_text("shop.web", given_ones)):
        assert remembered(text) == tuple(given_ones)


@given(backends)
def test_no_share_makes_caddy_s_list_long_and_nobody_with_a_share_is_left_out(given_ones: list[Backend]) -> None:
    serving = [one for one in given_ones if one.weight]
    words = caddy_text("shop.web", given_ones).split("{")[0].split()
    named = [f"{one.address}:{one.port}" for one in serving]
    listed = words[words.index("reverse_proxy") + 1 :] if serving else []
    assert set(listed) == set(named)
    assert len(listed) <= MOST_REPEATED * len(serving)
