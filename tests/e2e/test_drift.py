"""P1 what was approved is what runs: a plan that the world has overtaken is void, and nothing is touched."""

from collections.abc import Callable

import pytest

from tests.stage.conversation import HANA, Conversation
from tests.stage.observer.site import ObserverSite
from tests.stage.observer.traps import COMPOSE
from tests.stage.observer.tree import replaced
from tests.stage.versions import publish


def move_the_tag(site: ObserverSite) -> None:
    """Let the tag mean another commit."""
    publish(site.bare, "v1.2.3", on="v1.2.8", change=replaced("README.md", "observer", "the observer"))


def replace_the_image(site: ObserverSite) -> None:
    """Let the image's tag mean another image."""
    for words in (("tag", f"{site.image}:v1.2.2", f"{site.image}:v1.2.3"), ("push", "--quiet", f"{site.image}:v1.2.3")):
        site.stage.bot.docker(*words)


def edit_on_the_server(site: ObserverSite) -> None:
    """Change the installed compose file, as somebody does who is in a hurry."""
    file = site.server_directory / COMPOSE
    file.write_text(file.read_text().replace("stop_grace_period: 5s", "stop_grace_period: 9s"))


@pytest.mark.parametrize(
    ("meanwhile", "told"),
    [
        (replace_the_image, "Components, observer: digest changed from"),
        (edit_on_the_server, "observer on observer-1, before: compose file changed"),
        (move_the_tag, "Commit changed from"),
    ],
)
async def test_a_plan_is_void_once_the_world_is_another(
    chat: Conversation, meanwhile: Callable[[ObserverSite], None], told: str
) -> None:
    card = await chat.asks("/deploy observer v1.2.3")
    await chat.shows(card, "[Approve]")
    meanwhile(chat.site)
    chat.slack.clicks(HANA, "Approve", card)
    ended = await chat.shows(card, "Took ")
    assert "observer v1.2.3 in production: refused, nothing was touched" in ended
    assert "the approved plan is void, nothing was touched" in ended
    assert told in ended.partition("is void")[2]
    assert chat.site.running() == "v1.2.2"
