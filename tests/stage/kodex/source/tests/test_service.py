import json
from pathlib import Path

import pytest
from kodex.app import App
from kodex.service import service


@pytest.fixture
def app(tmp_path: Path) -> App:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "de").touch()
    return service(tmp_path / "data", tmp_path / "static", tmp_path / "models")


def test_the_first_page_names_the_voices(app: App) -> None:
    code, _, body = app.answer("/")
    assert code == 200
    assert json.loads(body)["voices"] == ["de"]


def test_the_nearest_passage_is_found(app: App) -> None:
    assert "has started" in app.answer("/search?q=has+started")[2]


def test_a_text_is_spoken_into_a_file(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ffmpeg").write_text('#!/bin/sh\nfor word; do last=$word; done\ntouch "$last"\n')
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    code, _, body = app.answer("/speak?text=hello")
    assert code == 200
    assert (tmp_path / json.loads(body)["file"].lstrip("/")).exists()
    assert app.answer("/speak?text=hello")[2] == body


def test_what_fails_is_told_and_counted(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert app.answer("/speak?text=hello")[0] == 500
    assert "kodex_errors_total 1\n" in app.answer("/metrics")[2]


def test_an_unknown_path_is_told(app: App) -> None:
    assert app.answer("/nothing")[0] == 404
    assert app.answer("/health")[0] == 200
