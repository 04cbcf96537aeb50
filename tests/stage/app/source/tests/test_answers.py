import json

from app.answers import answer
from app.settings import Settings

SETTINGS = Settings("hello", "s3" * 8)


def test_the_root_greets() -> None:
    status, body = answer("/", SETTINGS)
    assert status == 200
    assert json.loads(body)["greeting"] == "hello"


def test_the_key_is_named_and_not_told() -> None:
    assert SETTINGS.token not in answer("/", SETTINGS)[1]
    assert len(SETTINGS.key_name) == 8


def test_another_path_is_not_there() -> None:
    assert answer("/other", SETTINGS)[0] == 404
