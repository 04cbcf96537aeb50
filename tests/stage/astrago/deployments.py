"""The deployment repository: `values.yaml` per environment, and the same as a kustomization."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.stage.astrago.repository import COMPONENTS
from tests.stage.astrago.writing import begin

ENVIRONMENTS = ("dev", "stage", "prod")
NAME = "acme/astrago-deployments"
REPLICAS = {"dev": 1, "stage": 2, "prod": 3}
WHO = "hana <hana@acme.example> 1767261600 +0000"

Images = Mapping[str, tuple[str, str]]
"""Component -> repository and tag."""

VALUES = """\
# Astrago in {environment}. The release bot writes the tags; people write the rest.
# A tag that was set by hand here is reported by the bot as a conflict, never overwritten.
global:
  environment: {environment}
  probes: &probes          # every component answers GET /health on 8080
    path: /health
    port: 8080
  resources: &small
    limits:   {{cpu: 500m, memory: 256Mi}}
    requests: {{cpu: 100m, memory: 128Mi}}

core:
  replicas: {replicas}
  image:
    repository: {core[0]}
    tag: {core[1]}   # released with the front end
    pullPolicy: IfNotPresent
  probes: *probes
  resources:
    <<: *small
    limits: {{cpu: "1", memory: 512Mi}}  # answers people

batch:
  replicas: 1
  image: {{repository: {batch[0]}, tag: '{batch[1]}', pullPolicy: IfNotPresent}}
  schedule: "30 2 * * *"
  probes: *probes
  resources: *small

monitor:
  replicas: 1
  image:
    repository: "{monitor[0]}"
    tag: "{monitor[1]}"
  probes: *probes
  resources: *small
  notes: |
    tag: this is no tag, only a text
    that looks like one

# The front end: static files behind a web server.
web:
  replicas: {replicas}
  image:
    repository: {web[0]}
    tag: {web[1]}
  probes: *probes
  resources: *small
"""

KUSTOMIZATION = """\
# The same images for those who deploy {environment} with Kustomize.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- ../../base

images:   # names as in the base
{images}"""

README = "# Deployments\n\nOne directory per environment. ArgoCD follows `main`.\n"


def build_deployments(bare: Path, images: Callable[[str], Images]) -> Path:
    """Make the bare repository; `images` says for an environment what runs there at the beginning."""
    files = {"README.md": README}
    for environment in ENVIRONMENTS:
        files[values_file(environment)] = values(environment, images(environment))
        files[f"astrago/overlays/{environment}/kustomization.yaml"] = kustomization(environment, images(environment))
    begin(bare, files, "Begin with three environments", WHO)
    return bare


def values_file(environment: str) -> str:
    """Name the file that ArgoCD renders for an environment."""
    return f"astrago/{environment}/values.yaml"


def values(environment: str, images: Images) -> str:
    """Write the values of an environment."""
    return VALUES.format(environment=environment, replicas=REPLICAS[environment], **images)


def kustomization(environment: str, images: Images) -> str:
    """Write the same as a kustomization."""
    entries = (f"- name: {name}\n  newName: {images[name][0]}\n  newTag: {images[name][1]}\n" for name in COMPONENTS)
    return KUSTOMIZATION.format(environment=environment, images="".join(entries))
