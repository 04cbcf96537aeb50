"""What reaches a build, by our reading of `.dockerignore` and by BuildKit's own."""

import pytest

from guardrails.ignored import PatternError, kept_out, patterns
from tests.stage.commands import StageError
from tests.stage.stage import Stage

TREE = (
    "app/main.py",
    "app/__pycache__/main.pyc",
    "app/data/inner",
    "__pycache__/top.pyc",
    "data/index.bin",
    "data/seed/a.json",
    "data/seed/b.bin",
    "mydata",
    "static/tts/one.wav",
    "static/index.html",
    "env.txt",
)
FILES = (
    "data\n",
    "data/\n",
    "/data\n",
    "data/**\n",
    "data/*\n!data/seed\n",
    "data\n!data/seed/*.json\n",
    "!data/seed\ndata\n",
    "*\n!app\n**/__pycache__\n",
    "**\n!app/main.py\n",
    "__pycache__\n",
    "**/__pycache__\n",
    "**/*.pyc\n!__pycache__/top.pyc\n",
    "**data\n",
    "**/data\n",
    "d?ta\nm[a-z]data\n[^a]nv.txt\n",
    "# data\n #static\n\n  env.txt  \n",
    "./static/../data\n",
    "static/t*\n!**/*.wav\n",
    "app/**/inner\n",
    "data\n!**/a.json\n",
    "a[\n",
    "!\n",
)


@pytest.mark.parametrize("text", FILES)
def test_we_read_a_dockerignore_as_buildkit_does(stage: Stage, text: str) -> None:
    context = stage.scratch("dockerignore")
    for path in TREE:
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        (context / path).touch()
    (context / ".dockerignore").write_text(text)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    out = stage.scratch("dockerignore-out")
    try:
        stage.bot.docker("buildx", "build", "--quiet", "--output", f"type=local,dest={out}", context)
    except StageError:
        with pytest.raises(PatternError):
            patterns(text)
        return
    reached = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {path for path in TREE if not kept_out(path, patterns(text))} == reached - {"Dockerfile", ".dockerignore"}
