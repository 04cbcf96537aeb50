import json
from pathlib import Path

import pytest

from observer.settings import SettingsMissing, load

CREDENTIALS = {"KIS_API_KEY": "key", "KIS_API_SECRET": "secret"}


def test_defaults_hold_where_nothing_else_is_said(tmp_path: Path) -> None:
    settings = load(CREDENTIALS, tmp_path / "absent.json")
    assert settings.standalone
    assert settings.port == 8080


def test_the_file_wins_over_defaults_and_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "deployment_config.json"
    file.write_text(json.dumps({"OBSERVER_LISTEN_PORT": 8081, "OBSERVER_LOG_DIR": "from-file"}))
    settings = load({**CREDENTIALS, "OBSERVER_LISTEN_PORT": "8082", "QTS_OBSERVER_STANDALONE": "0"}, file)
    assert settings.port == 8082
    assert settings.log_dir == Path("from-file")
    assert not settings.standalone


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_missing_credential_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsMissing, match=name):
        load({**CREDENTIALS, name: ""}, tmp_path / "absent.json")
