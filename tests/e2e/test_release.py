"""S5 end to end: conversations about the observer service on real git, engines, registry and sshd."""

from tests.stage.conversation import HANA, MAX, Conversation
from tests.stage.site import Site


async def test_a_release_is_planned_approved_deployed_and_verified(site: Site) -> None:
    async with Conversation(site) as chat:
        chat.says("/deploy observer v1.2.3")
        card = chat.slack.shows(await chat.card(shows="[Approve]"))
        for fact in (
            "@ana",
            "v1.2.2 at commit",
            "Expose counters for Prometheus (#7)",
            "15 tests",
            "Rollback: possible",
        ):
            assert fact in card
        await chat.clicks("Approve", as_=MAX)
        await chat.whispered("not an approver", to=MAX)
        assert site.running() == "v1.2.2"
        await chat.clicks("Approve", as_=HANA)
        ended = chat.slack.shows(await chat.card(shows="v1.2.3 in production runs"))
        assert "[Approve]" not in ended
        assert site.running() == "v1.2.3"
        assert site.answer("/health")[0] == 200
        assert (site.server_directory / "last_good_tag").read_text() == "v1.2.3\n"
        assert [path.name for path in (site.server_directory / "archive").glob("*.tar")] == ["observer@v1.2.3.tar"]
        assert "Expose counters for Prometheus" in chat.github["acme/observer"].page(7)
