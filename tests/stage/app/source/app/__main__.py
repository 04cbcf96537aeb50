"""Start the service."""

from app.server import serve
from app.settings import Settings

serve(Settings.of_environment())
