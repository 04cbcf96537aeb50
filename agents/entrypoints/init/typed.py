"""An order of `init`, from what was typed."""

import argparse
import os
from typing import TextIO

from agents.entrypoints.caller import config_file, from_caller
from agents.entrypoints.init.arguments import wishes_of
from agents.entrypoints.init.command import Order, init
from agents.entrypoints.init.services import services_directory
from config.credentials import read_credentials
from tools.github_client import GithubAccess


async def init_as_typed(wanted: argparse.Namespace, out: TextIO) -> int:
    """Carry it out with the bot's access to GitHub, where there is one; returns the exit code."""
    file = from_caller(wanted.service_file) if wanted.service_file else services_directory(config_file())
    order = Order(
        directory=from_caller(wanted.path),
        url=wanted.repo,
        services=file,
        wishes=wishes_of(wanted),
        write=wanted.write,
        pull_request=wanted.pull_request,
        force=wanted.force,
    )
    held = read_credentials(os.environ)
    access = GithubAccess(held.github_token.get_secret_value(), held.github_api_url) if held.github_token else None
    return await init(order, access, out=out)
