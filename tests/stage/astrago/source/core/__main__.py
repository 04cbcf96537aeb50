"""The API."""

import os

from astrago.serving import serve
from core.questions import answer

if __name__ == "__main__":
    serve("core", os.environ.get("ASTRAGO_VERSION", "dev"), answer)
