"""Base images that look like the ones a written Dockerfile begins with, made without any image hub."""

import shutil
import zipfile
from pathlib import Path

from tests.stage.apt import IMAGE_SUITE, fetch, unpack
from tests.stage.images import PYTHON
from tests.stage.stage import Stage

NPM = """\
#!/usr/bin/python3.11
# As much of npm as a package without dependencies needs.
import json, os, sys
package = json.load(open("package.json"))
if sys.argv[1:2] == ["ci"]:
    assert json.load(open("package-lock.json"))["lockfileVersion"]
elif sys.argv[1:2] == ["run"]:
    os.execvp("sh", ["sh", "-c", package["scripts"][sys.argv[2]]])
else:
    sys.exit(f"npm {sys.argv[1:]} is not known here")
"""
NGINX = """\
pid /tmp/nginx.pid;
events {}
http {
    include /etc/nginx/mime.types;
    client_body_temp_path /tmp/client;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    access_log off;
    error_log stderr;
    include /etc/nginx/conf.d/*.conf;
}
"""
"""The unprivileged image's own: everything that is written lies below /tmp."""


def python_base(stage: Stage) -> str:
    """Make a Python image with pip, whose only package index is a directory with one wheel."""
    directory = stage.scratch("init-python")
    packages = fetch([f"python3-pip-whl/{IMAGE_SUITE}"], directory / "debs")
    unpack(packages, directory / "unpacked")
    (wheel,) = (directory / "unpacked/usr/share/python-wheels").glob("pip-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory / "pip")
    _greeting(directory / "wheels")
    (directory / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    lines = (
        f"FROM {stage.registry.address}/{PYTHON}",
        "COPY pip /usr/local/lib/python3.11/dist-packages",
        "COPY wheels /wheels",
        "COPY pip.conf /etc/pip.conf",
    )
    return _built(stage, directory, "init-python:3.11-slim", lines)


def node_base(stage: Stage) -> str:
    """Make an image that builds a package without dependencies."""
    directory = stage.scratch("init-node")
    (directory / "npm").write_text(NPM)
    (directory / "npm").chmod(0o755)
    lines = (f"FROM {stage.registry.address}/{PYTHON}", "COPY npm /usr/local/bin/npm")
    return _built(stage, directory, "init-node:22-slim", lines)


def nginx_base(stage: Stage) -> str:
    """Make an image with the real nginx, set up as the unprivileged image is."""
    directory = stage.scratch("init-nginx")
    unpack(
        fetch([f"{name}/{IMAGE_SUITE}" for name in ("nginx", "nginx-common")], directory / "debs"), directory / "all"
    )
    shutil.copy(directory / "all/usr/sbin/nginx", directory / "nginx")
    shutil.copy(directory / "all/etc/nginx/mime.types", directory / "mime.types")
    (directory / "nginx.conf").write_text(NGINX)
    lines = (
        f"FROM {stage.registry.address}/{PYTHON}",
        "RUN mkdir -p /etc/nginx/conf.d /usr/share/nginx/html /var/log/nginx",
        "RUN echo nginx:x:101:101::/:/bin/false >> /etc/passwd",
        "COPY nginx /usr/sbin/nginx",
        "COPY mime.types nginx.conf /etc/nginx/",
        "USER 101",
        'CMD ["nginx", "-g", "daemon off;"]',
    )
    return _built(stage, directory, "init-nginx:alpine", lines)


def _built(stage: Stage, directory: Path, reference: str, lines: tuple[str, ...]) -> str:
    (directory / "Dockerfile").write_text("\n".join(lines) + "\n")
    stage.bot.docker("build", "--quiet", "--tag", reference, directory)
    return reference


def _greeting(directory: Path) -> None:
    """Make a wheel of one module."""
    directory.mkdir()
    about = "greeting-1.0.dist-info"
    with zipfile.ZipFile(directory / "greeting-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("greeting.py", 'WORD = "hello"\n')
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", f"greeting.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
