"""S2: a bot killed while a deployment repository and ArgoCD are at work leaves one commit, and goes on."""

from datetime import timedelta

from tests.stage.astrago.history import EVERYTHING, FIRST
from tests.stage.astrago.repository import COMPONENTS
from tests.stage.astrago.site import AstragoSite
from tests.stage.conversation import HANA, Conversation
from tests.stage.stage import Stage


async def test_p8_a_bot_killed_right_after_its_commit_and_again_during_the_sync_commits_once(stage: Stage) -> None:
    site = AstragoSite(stage, stage.scratch("astrago-killed"))
    site.prepare()
    async with site.open(), Conversation(site, environ=site.tokens) as chat:
        commits = site.commits
        card = await chat.asks(f"/deploy astrago {EVERYTHING}")
        await chat.shows(card, "[Approve]")
        site.application.start_for = timedelta(seconds=6)
        chat.github.faults.lose_answers(path="/contents/", method="PUT")
        chat.slack.clicks(HANA, "Approve", card)
        await chat.comes_true(lambda: len(site.commits) > len(commits))
        await chat.bot.kill()
        await chat.bot.start()
        await chat.comes_true(lambda: site.application.starting)
        await chat.bot.kill()
        await chat.bot.start()
        await chat.slack.connected()
        story = await chat.end(card)
        assert f"astrago {EVERYTHING} in stage runs" in story
        assert len(site.commits) == len(commits) + 1
        assert site.running() == " ".join(site.tag(name, EVERYTHING) for name in COMPONENTS)
        assert FIRST not in await site.answer_of("web")
