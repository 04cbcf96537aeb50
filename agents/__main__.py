"""`python -m agents`: the command line."""

import sys

from agents.entrypoints.commandline import main

sys.exit(main(sys.argv[1:]))
