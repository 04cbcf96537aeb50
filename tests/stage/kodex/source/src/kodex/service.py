"""The paths of the service."""

from collections.abc import Mapping
from pathlib import Path

from kodex import __version__
from kodex.app import App
from kodex.library import Library
from kodex.speech import Speech


def service(data: Path, static: Path, models: Path) -> App:
    app, library, speech = App(), Library(data), Speech(static / "tts")
    library.add(f"kodex {__version__} has started")

    @app.get("/")
    def about(_: Mapping[str, str]) -> object:
        return {"service": "kodex", "version": __version__, "voices": sorted(voice.name for voice in models.glob("*"))}

    @app.get("/health")
    def health(_: Mapping[str, str]) -> object:
        return {"status": "ok", "version": __version__}

    @app.get("/search")
    def search(query: Mapping[str, str]) -> object:
        return {"passages": library.nearest(query.get("q", ""))}

    @app.get("/speak")
    def speak(query: Mapping[str, str]) -> object:
        return {"file": f"/static/tts/{speech.speak(query.get('text', ''))}"}

    @app.get("/metrics")
    def metrics(_: Mapping[str, str]) -> object:
        return app.metrics.exposition()

    return app
