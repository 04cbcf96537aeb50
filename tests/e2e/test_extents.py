"""S4: a part of a release, asked for by an option, on real parts: it ends as defined, and touches nothing early."""

from tests.stage.conversation import HANA, Conversation
from tests.stage.observer.site import ObserverSite


async def test_a_release_goes_as_far_as_it_is_asked_to_and_a_later_one_takes_up_what_was_shown(
    site: ObserverSite,
) -> None:
    async with Conversation(site) as chat:
        story = await chat.verdict("/deploy observer v1.2.3 --dry-run")
        assert "observer v1.2.3 in production, analysis only: done as far as asked, nothing was deployed" in story
        assert "A release would run these suites: unit; build: observer." in story
        story = await chat.verdict("/deploy observer v1.2.3 --skip-deploy")
        assert "done as far as asked, nothing was deployed" in story
        assert f"images: {site.image}:v1.2.3" in story
        assert site.running() == "v1.2.2"
        assert "Failures in a row" not in chat.slack.shows(await chat.answered("/deploy status observer production"))
        chat.says("/deploy observer v1.2.3 --deploy-only")
        card = chat.slack.shows(await chat.card(shows="[Approve]"))
        assert "unit: not run. Passed on this commit in " in card
        await chat.clicks("Approve", as_=HANA)
        await chat.card(shows="v1.2.3 in production, deploy only runs")
        assert site.running() == "v1.2.3"
