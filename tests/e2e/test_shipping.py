"""Images travel while people think: at the card the host has the image, and nothing that runs was touched."""

from tests.stage.conversation import Conversation
from tests.stage.observer.site import ObserverSite


def forget(site: ObserverSite, version: str) -> None:
    """Take an image off the server that an earlier release may have left there."""
    listed = site.stage.server.docker("image", "ls", "--quiet", f"{site.image}:{version}").split()
    if listed:
        site.stage.server.docker("image", "rm", "--force", *listed)


async def test_the_image_is_on_the_host_before_anybody_approves_and_nothing_runs_it(site: ObserverSite) -> None:
    forget(site, "v1.2.3")
    async with Conversation(site) as chat:
        card = await chat.asks("/deploy observer v1.2.3")
        await chat.shows(card, "[Approve]")
        listed = site.stage.server.docker("image", "ls", "--digests", "--format", "{{.Digest}} {{.Tag}}", site.image)
        found = dict(line.split() for line in listed.splitlines())
        pushed = site.stage.bot.docker("image", "inspect", "--format", "{{json .RepoDigests}}", f"{site.image}:v1.2.3")
        (shipped,) = [digest for digest in found if digest in pushed]
        assert found[shipped] == "<none>"  # the tag is given after the approval
        assert site.running() == "v1.2.2"
        assert not list(site.server_directory.glob(".shipmate*"))
        await chat.rejects(card)
        assert "rejected" in (await chat.end(card))
        assert site.running() == "v1.2.2"
