from pathlib import PurePosixPath

from tools.compose import compose, make_directories, stop, up

BASE = compose("observer", PurePosixPath("/srv/observer"), PurePosixPath("deploy/docker-compose.server.yml"))


def test_every_command_names_project_directory_and_file() -> None:
    assert " ".join(BASE) == (
        "docker compose --project-name observer --project-directory /srv/observer"
        " --file /srv/observer/docker-compose.server.yml"
    )


def test_up_moves_one_service_from_an_image_that_is_here_already() -> None:
    assert " ".join(up(BASE, "observer", "IMAGE_TAG", "v1.2.3")) == (
        "env IMAGE_TAG=v1.2.3 docker compose --project-name observer --project-directory /srv/observer"
        " --file /srv/observer/docker-compose.server.yml"
        " up --detach --no-deps --no-build --pull never observer"
    )


def test_stop_keeps_the_container_and_everything_else() -> None:
    assert " ".join(stop(BASE, "observer", "IMAGE_TAG", "v1.2.3")) == (
        "env IMAGE_TAG=v1.2.3 docker compose --project-name observer --project-directory /srv/observer"
        " --file /srv/observer/docker-compose.server.yml stop observer"
    )


def test_directories_lie_below_the_services_own() -> None:
    below = (PurePosixPath("data"), PurePosixPath("config/observer"))
    assert make_directories(PurePosixPath("/srv/observer"), below) == (
        *("mkdir", "-p", "--", "/srv/observer"),
        *("/srv/observer/data", "/srv/observer/config/observer"),
    )
