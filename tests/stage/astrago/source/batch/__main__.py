"""Nightly work."""

import os

from astrago.serving import serve
from batch.work import status

if __name__ == "__main__":
    serve("batch", os.environ.get("ASTRAGO_VERSION", "dev"), status)
