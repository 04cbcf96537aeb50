"""What an inspection concludes from files, and what it leaves to people."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.entrypoints.init.found import Found, Origin, Wishes
from agents.entrypoints.init.inspection import inspect, slug
from agents.entrypoints.init.listing import origin_of
from tests.unit.entrypoints.init import samples
from tests.unit.entrypoints.init.samples import found_in, listing

PROJECT = "pyproject.toml"


def project(requires: str = "", dependencies: str = "") -> str:
    lines = ["[project]", 'name = "x"', *([f'requires-python = "{requires}"'] if requires else [])]
    return "\n".join([*lines, f"dependencies = [{dependencies}]"]) + "\n"


def chosen(found: Found, about: str) -> str:
    (choice,) = [one for one in found.choices if one.about.endswith(about)]
    return choice.chosen


def asked(found: Found) -> set[str]:
    return {one.about.rpartition(": ")[2] for one in found.unknown}


@pytest.mark.parametrize(
    ("sample", "framework", "command", "port", "health"),
    [
        ("fastapi-uv", "FastAPI", "uvicorn app.main:app --host 0.0.0.0 --port 8000", 8000, "/health"),
        ("flask-requirements", "Flask", "gunicorn --bind 0.0.0.0:8000 app:app", 8000, "/healthz"),
        ("django-poetry", "Django", "gunicorn --bind 0.0.0.0:8000 shop.wsgi:application", 8000, "/health/"),
        ("plain", "plain Python", "python -m watcher", 8090, "/health"),
        ("next-standalone", "Next.js", "node server.js", 3000, "/api/health"),
        ("next", "Next.js", "node_modules/.bin/next start", 3000, "/"),
        ("vite", "static site", "", 8080, "/"),
        ("express", "Node server", "node dist/server.js", 4000, "/"),
    ],
)
def test_a_program_is_recognised(sample: str, framework: str, command: str, port: int, health: str) -> None:
    (one,) = found_in(*samples.SAMPLES[sample]).components
    assert (one.framework, " ".join(one.command), one.port, one.health.path) == (framework, command, port, health)


@pytest.mark.parametrize(
    ("files", "installer"),
    [
        (samples.FASTAPI, "uv"),
        (samples.DJANGO, "poetry"),
        (samples.FLASK, "requirements"),
        ({PROJECT: project(dependencies='"flask"'), "app.py": samples.BARE["app.py"]}, "pyproject"),
        ({"setup.py": "setup()", "main.py": "if __name__ == '__main__':\n    serve(port=8080)\n"}, "setup"),
        (samples.PLAIN, "nothing"),
        (samples.NEXT, "npm"),
        (samples.NEXT_PLAIN, "pnpm"),
        (samples.VITE, "yarn"),
        ({**samples.VITE, ".yarnrc.yml": "nodeLinker: node-modules\n"}, "berry"),
    ],
)
def test_the_lock_file_says_how_it_is_installed(files: Mapping[str, str], installer: str) -> None:
    assert [one.installer for one in found_in(files).components] == [installer]


@pytest.mark.parametrize(
    ("requires", "version"),
    [
        *((">=3.11", "3.11"), (">=3.8", "3.11"), (">=3.12,<3.14", "3.12"), ("==3.13.*", "3.13"), ("~=3.12", "3.12")),
        *((">=3.7,<3.11", "3.10"), ("", "3.13")),
    ],
)
def test_the_oldest_maintained_python_that_is_promised_is_taken(requires: str, version: str) -> None:
    found = found_in({**samples.PLAIN, PROJECT: project(requires)})
    assert found.components[0].version == version
    assert any(one.about.endswith("Python") for one in found.choices) is (not requires)


def test_a_pinned_python_stands_above_the_promise() -> None:
    found = found_in({**samples.PLAIN, ".python-version": "3.12.7\n"})
    assert found.components[0].version == "3.12"


def test_variables_are_told_with_their_place_and_whether_they_must_be_set() -> None:
    (one,) = found_in(samples.FASTAPI).components
    assert [(read.name, read.place, read.required) for read in one.readings] == [
        ("KODEX_OPENAI_API_KEY", "app/settings.py:7", True),
        ("KODEX_VOICE", "app/settings.py:8", False),
        ("LOG_LEVEL", "app/settings.py:11", False),
    ]


def test_names_that_the_program_computes_are_told_as_not_known() -> None:
    code = "import os\n\n\ndef read(name: str) -> str:\n    return os.environ[name]\n"
    found = found_in({**samples.PLAIN, "src/watcher/settings.py": code})
    assert chosen(found, "variables") == "those found"


def test_what_a_browser_reads_at_build_time_is_no_variable_of_the_server() -> None:
    (one,) = found_in({**samples.EXPRESS, "src/page.ts": "fetch(process.env.VITE_API);"}).components
    assert [read.name for read in one.readings] == ["DATABASE_URL"]


def test_what_is_written_is_kept_and_models_too() -> None:
    (one,) = found_in(samples.FASTAPI).components
    assert [kept.path for kept in one.storage] == ["data", "static/tts", "models"]
    assert one.weights
    assert one.packages == ("ffmpeg",)


def test_a_key_of_a_dictionary_is_no_directory() -> None:
    found = found_in({**samples.BARE, "more.py": 'def f(answer):\n    return answer["data"], "/data/items"\n'})
    assert found.components[0].storage == ()


@pytest.mark.parametrize(
    "call", ['requests.get(f"{base}/health")', 'client.get("https://x/health")', 'log("/health")', '{"a": "/health"}']
)
def test_only_what_the_program_answers_counts_as_health(call: str) -> None:
    found = found_in({**samples.BARE, "more.py": f"x = {call}\n"})
    assert found.components[0].health.place == ""
    assert chosen(found, "health") == "/ (any answer below 500 has to do)"


def test_tests_and_examples_say_nothing_about_the_program() -> None:
    stray = '@app.get("/health")\ndef health(): ...\n\nKEY = os.environ["STRAY"]\n'
    found = found_in({**samples.BARE, "tests/test_x.py": stray, "examples/x.py": stray, "test_y.py": stray})
    assert found.components[0].health.place == ""
    assert found.components[0].readings == ()


def test_a_router_with_a_prefix_makes_the_health_a_choice_to_look_at() -> None:
    files = {**samples.FASTAPI, "app/api.py": 'router = APIRouter(prefix="/api")\n'}
    assert chosen(found_in(files), "health") == "/health"


def test_fastapi_without_a_route_for_health_is_asked_for_its_own_description() -> None:
    files = {**samples.FASTAPI, "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}
    assert found_in(files).components[0].health.path == "/openapi.json"


@pytest.mark.parametrize("lines", ["", "server(port=8080)\nserver(port=9090)\n"])
def test_a_port_that_nobody_can_know_is_asked_for(lines: str) -> None:
    files = {"requirements.txt": "", "main.py": f"{lines}if __name__ == '__main__':\n    serve()\n"}
    assert asked(found_in(files)) == {"port"}
    assert found_in(files, Wishes(ports=(("", 9000),))).unknown == ()


def test_an_existing_dockerfile_says_the_port() -> None:
    files = {
        "requirements.txt": "",
        "main.py": "if __name__ == '__main__':\n    serve()\n",
        "Dockerfile": "EXPOSE 7000\n",
    }
    assert found_in(files).components[0].port == 7000


def test_a_program_that_listens_on_loopback_is_told() -> None:
    files = {"requirements.txt": "", "main.py": "if __name__ == '__main__':\n    serve(('127.0.0.1', 8080))\n"}
    assert "main.py:2 listens on loopback" in next(
        c.why for c in found_in(files).choices if c.about.endswith("address")
    )


def test_a_build_that_does_not_say_where_it_writes_is_asked_about() -> None:
    files = {"package.json": '{"scripts": {"build": "make site"}}'}
    assert asked(found_in(files)) == {"output"}
    assert found_in(files, Wishes(output="public")).components[0].output == "public"


def test_cuda_from_a_lock_of_poetry_is_asked_about() -> None:
    assert asked(found_in(samples.DJANGO, Wishes(mode="gpu"))) == {"dependencies"}


def test_every_directory_with_a_program_is_a_component_with_a_port_of_its_own() -> None:
    found = found_in(samples.MONOREPO)
    assert [(one.name, one.directory, one.port, one.published) for one in found.components] == [
        ("batch", "batch", 8000, 8000),
        ("core", "core", 8000, 8001),
        ("web", "web", 8080, 8080),
    ]
    assert [one.image for one in found.components] == [
        f"ghcr.io/acme/sample-{name}" for name in ("batch", "core", "web")
    ]
    assert found.components[1].health.place == "core/app/main.py:9"
    assert found.left_out == ("libs/shared: nothing in it starts a program or builds a site",)


def test_a_port_can_be_given_to_one_component_of_several() -> None:
    found = found_in(samples.MONOREPO, Wishes(ports=(("core", 9000),)))
    assert [one.port for one in found.components] == [8000, 9000, 8080]


def test_members_of_a_workspace_are_left_to_people_and_told() -> None:
    files = {**samples.MONOREPO, "package.json": '{"workspaces": ["web"]}'}
    found = found_in(files)
    assert found.components == ()
    assert asked(found) == {"program"}
    assert "a member of the workspace in package.json" in found.left_out[1]


@pytest.mark.parametrize("home", ["a b", "x;reboot", "$(reboot)", "a'b", "ä"])
def test_a_directory_whose_name_could_act_in_a_command_is_left_out(home: str) -> None:
    found = found_in({f"{home}/{path}": text for path, text in samples.BARE.items()})
    assert found.components == ()
    assert "rename it" in found.left_out[0]


def test_nothing_to_release_is_said_plainly() -> None:
    found = found_in({"README.md": "# notes\n"})
    assert "there is no pyproject.toml" in found.unknown[0].why


def test_without_github_the_image_is_asked_for() -> None:
    found = inspect(listing(samples.BARE), Origin("/srv/x", None, "main"), "x", Wishes())
    assert asked(found) == {"image"}


@pytest.mark.parametrize(
    ("url", "github"),
    [
        ("https://github.com/acme/x.git", "acme/x"),
        ("git@github.com:acme/x.git", "acme/x"),
        ("ssh://git@github.com/acme/x", "acme/x"),
        ("https://gitlab.com/acme/x.git", None),
        ("https://github.com.evil.example/acme/x", None),
        ("/srv/x", None),
    ],
)
def test_an_origin_on_github_is_recognised(url: str, github: str | None) -> None:
    assert origin_of(url, "main").github == github


def test_a_password_in_an_origin_goes_no_further() -> None:
    word = "hunter" + "2"
    assert word not in repr(origin_of(f"https://ana:{word}@github.com/acme/x.git", "main"))
    assert word not in repr(origin_of(f"https://ana:{word}@git.example/acme/x.git", "main"))


@given(st.text())
def test_every_text_becomes_a_name_that_the_configuration_takes(text: str) -> None:
    name = slug(text)
    assert name[0] in "abcdefghijklmnopqrstuvwxyz"
    assert len(name) <= 40
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@given(st.dictionaries(st.sampled_from(sorted({*samples.FASTAPI, *samples.NEXT, "manage.py", "setup.py"})), st.text()))
def test_no_content_of_files_breaks_an_inspection(files: dict[str, str]) -> None:
    found_in(files)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("scripts", "dependencies", "engines", "main", "workspaces"), _JSON)
    )
)
def test_no_shape_of_package_json_breaks_an_inspection(package: dict[str, object]) -> None:
    found_in({"package.json": json.dumps(package)})
    found_in({**samples.VITE, "package.json": json.dumps({**json.loads(samples.VITE["package.json"]), **package})})


@pytest.mark.parametrize(
    "text",
    [
        *('project = "x"', "tool = 1", "dependency-groups = 2", "[project]\ndependencies = 3", "[tool]\npoetry = 4"),
        *(
            "[tool.poetry]\ngroup = 5",
            "[project]\nscripts = 6\noptional-dependencies = 7",
            "[project]\nrequires-python = 8",
        ),
        *(
            "[tool.poetry.dependencies]\npython = {version = '3.12'}",
            "[dependency-groups]\ndev = [{include-group = 'x'}, 9]",
        ),
    ],
)
def test_no_shape_of_pyproject_breaks_an_inspection(text: str) -> None:
    found_in({**samples.PLAIN, PROJECT: text + "\n"})
