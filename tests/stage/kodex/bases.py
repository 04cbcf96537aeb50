"""The base image of the sample: the stage's `python:3.11-slim`, with an apt-get that needs no network.

It installs what lies below /usr/share/stand-ins, and knows no other package; its ffmpeg copies sound from one file to
another. So the Dockerfile is one that would build on the official image, too.
"""

from pathlib import Path

from tests.stage.commands import execute
from tests.stage.images import ENVIRONMENT, bases_layers
from tests.stage.oci import pack, publish
from tests.stage.registry import Registry

BASE = "mirror/library/python:3.11-slim"
APT_GET = """\
#!/bin/sh
# Stand-in for apt-get: knows the packages below /usr/share/stand-ins, and needs no network.
set -eu
verb=
for word; do
  case $word in
    -*) ;;
    *)
      if [ -z "$verb" ]; then
        verb=$word
      elif [ "$verb" = install ]; then
        name=${word%%=*}
        [ -e "/usr/share/stand-ins/$name" ] || { echo "E: Unable to locate package $name" >&2; exit 100; }
        cp "/usr/share/stand-ins/$name" "/usr/bin/$name"
        chmod 755 "/usr/bin/$name"
        echo "Setting up $name ..."
      fi
      ;;
  esac
done
case $verb in
  update | install) ;;
  *) echo "E: Invalid operation $verb" >&2; exit 100 ;;
esac
"""
FFMPEG = """\
#!/bin/sh
# Stand-in for ffmpeg: `ffmpeg [options] -i INPUT OUTPUT` copies.
set -eu
input= last=
for word; do
  [ "$last" = -i ] && input=$word
  last=$word
done
cp "$input" "$last"
"""
CERTIFICATES = "#!/bin/sh\n# Stand-in for a package without a program.\n"


def publish_base(registry: Registry, scratch: Path) -> str:
    """Put the base image into a registry; returns its name there."""
    root = scratch / "apt"
    for place, text in {
        "usr/bin/apt-get": APT_GET,
        "usr/share/stand-ins/ffmpeg": FFMPEG,
        "usr/share/stand-ins/ca-certificates": CERTIFICATES,
    }.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text)
        (root / place).chmod(0o755)
    python, _ = bases_layers()
    machine = execute(["dpkg", "--print-architecture"]).strip()
    config = {"Env": [*ENVIRONMENT], "Cmd": ["python3"]}
    publish(registry, BASE, [python, pack(root, scratch / "apt.tar.gz")], config, machine)
    return f"{registry.address}/{BASE}"
