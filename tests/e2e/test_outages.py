"""P13, P5: neighbours may be away; releases and rollbacks go on without words and comments, and Slack catches up."""

from tests.stage.conversation import HANA, Conversation


async def test_a_release_needs_neither_github_nor_the_model(chat: Conversation) -> None:
    await chat.github.down()
    await chat.model.down()
    try:
        card = await chat.asks("/deploy observer v1.2.3")
        assert "Written by the model" not in await chat.shows(card, "[Approve]")
        chat.slack.clicks(HANA, "Approve", card)
        assert "observer v1.2.3 in production runs" in await chat.shows(card, "Took ")
        back = await chat.asks("/deploy rollback observer")
        assert "Rollback of observer to v1.2.2 in production runs" in await chat.shows(back, "Took ")
    finally:
        await chat.github.up()
        await chat.model.up()
    assert chat.site.running() == "v1.2.2"


async def test_a_release_ends_while_slack_is_away_and_is_told_afterwards(chat: Conversation) -> None:
    card = await chat.asks("/deploy observer v1.2.8")
    await chat.shows(card, "[Approve]")
    delivery = chat.slack.clicks(HANA, "Approve", card)
    assert delivery is not None
    await delivery.settled()
    await chat.slack.down()
    try:
        await chat.marked_good("v1.2.8")
        assert "runs" not in chat.slack.shows(card).partition("\n")[0]
        exit_code, told = await chat.bot.obeys("rollback", "observer")
        assert exit_code == 0, told
        assert chat.site.running() == "v1.2.2"
    finally:
        await chat.slack.up()
    story = await chat.end(card)
    assert "observer v1.2.8 in production runs" in story
    assert "observer on observer-1 is healthy" in story
    assert len(chat.slack.thread(card.ts)) == len({chat.slack.shows(reply) for reply in chat.slack.thread(card.ts)})
