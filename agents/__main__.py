"""`python -m agents`: the command line. Nothing that the process writes holds a secret of its environment."""

import os
import sys

from agents.entrypoints import own_secrets
from agents.entrypoints.commandline import main
from tools.outlets import guard_process

guard_process(own_secrets.of_environment(os.environ))
sys.exit(main(sys.argv[1:]))
