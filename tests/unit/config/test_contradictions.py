"""Values that have the right shape and cannot work are told, each with the way out; those that can work are not."""

from pathlib import Path

import pytest

from config.loading import load
from tests.unit.config.test_loading import OBSERVER, faults, written

HEALTH = "    health:\n"
TARGET = "environments.production.target"
GITOPS = """\
    target:
      kind: gitops
      repository: acme/deployments
      file: values.yaml
      images: {observer: image.tag}
      argocd:
        url: https://argo.example
        application: observer
"""
ON_SERVERS = OBSERVER[OBSERVER.index("    target:") : OBSERVER.index(HEALTH)]
IN_GIT = OBSERVER.replace(ON_SERVERS, GITOPS)
ROLLING = """\
      directory: /opt/observer
      strategy: rolling
      proxy: {{routes: {{observer: {{port: 80, listen: {listen}}}}}}}
"""
NOBODY = (
    "is nobody's id; use a Slack member id such as U0HANA (profile -> Copy member ID), terminal:LOGIN or github:LOGIN"
)


def production(section: str) -> tuple[str, str]:
    return HEALTH, f"    {section}\n{HEALTH}"


def component(section: str) -> tuple[str, str]:
    return "acme/observer\n", f"acme/observer\n    {section}\n"


TOLD = {
    "a canary without others": (
        ("      directory: /opt/observer\n", "      directory: /opt/observer\n      strategy: canary\n"),
        (
            f"13: {TARGET}.canary.hosts: is not fewer than the hosts there are; a canary needs others to be compared "
            "with"
        ),
    ),
    "a share without a proxy": (
        (
            "      directory: /opt/observer\n",
            "      directory: /opt/observer\n      strategy: canary\n      canary: {share: 10}\n",
        ),
        f"16: {TARGET}.canary.share: needs a `proxy` that knows weights: haproxy, nginx or caddy",
    ),
    "a canary that is never compared": (
        ("      directory: /opt/observer\n", "      directory: /opt/observer\n      canary: {every: 3m}\n"),
        f"15: {TARGET}.canary.every: is longer than the window; nothing would be compared",
    ),
    "a canary that nothing can be concluded from": (
        (
            "      directory: /opt/observer\n",
            f"{ROLLING.format(listen=8080).replace('rolling', 'canary')}      canary: {{share: 10, window: 18s}}\n",
        ),
        (
            f"17: {TARGET}.canary.answers: is more than the 27 that one version is asked for in the window, so nothing "
            "could ever be concluded; make the window longer, or `requests` more"
        ),
    ),
    "a proxy that nothing is moved by": (
        ("      directory: /opt/observer\n", ROLLING.format(listen=8080).replace("rolling", "recreate")),
        (f"16: {TARGET}.proxy: has no effect with `strategy: recreate`; take it out, or name the strategy it is for"),
    ),
    "a time to drain where nothing drains": (
        ("      directory: /opt/observer\n", "      directory: /opt/observer\n      rolling: {drain: 5s}\n"),
        f"15: {TARGET}.rolling: has no effect with `strategy: recreate`; take it out, or name the strategy it is for",
    ),
    "a canary where all go at once": (
        ("      directory: /opt/observer\n", f"{ROLLING.format(listen=8080)}      canary: {{window: 5m}}\n"),
        f"17: {TARGET}.canary: has no effect with `strategy: rolling`; take it out, or name the strategy it is for",
    ),
    "a backup of a mount that is none": (
        production("paths: {persist: [/app/data], backup: {mounts: [/app/data, /app/dta]}}"),
        (
            "19: environments.production.paths.backup.mounts[1]: is neither in `mounts` nor in `persist`, did you mean "
            "'/app/data'?"
        ),
    ),
    "a dump by no command": (
        production("paths: {backup: {dumps: {db: []}}}"),
        (
            "19: environments.production.paths.backup.dumps.db: is no command; write one whose output is the dump, "
            "such as [pg_dump, -U, app, app]"
        ),
    ),
    "a backup of nothing": (
        production("paths: {backup: {}}"),
        ("19: environments.production.paths.backup: saves nothing; name `mounts` or `dumps`, or what must `persist`"),
    ),
    "health seen from elsewhere": (
        ("http://127.0.0.1:8080/health", "https://observer.example/health"),
        (
            "21: environments.production.health.probe.url: is asked from the server itself, and only on its own "
            "loopback address; write one such as https://127.0.0.1:443/health"
        ),
    ),
    "health at no port": (
        ("127.0.0.1:8080", "127.0.0.1:99999"),
        (
            "21: environments.production.health.probe.url: is no address that can be asked; write one such as "
            "http://127.0.0.1:8080/health"
        ),
    ),
    "a smoke test of every address": (
        production("smoke: [{url: 'http://localhost:1/'}, {url: 'http://0.0.0.0:8080/'}]"),
        (
            "19: environments.production.smoke[1].url: is asked from the server itself, and only on its own loopback "
            "address; write one such as http://127.0.0.1:8080/"
        ),
    ),
    "a component that is asked elsewhere": (
        production("components: {observer: {smoke: [{url: 'http://observer:8080/'}]}}"),
        (
            "19: environments.production.components.observer.smoke[0].url: is asked from the server itself, and only "
            "on its own loopback address; write one such as http://127.0.0.1:8080/"
        ),
    ),
    "health past the proxy": (
        ("      directory: /opt/observer\n", ROLLING.format(listen=8081)),
        (
            "23: environments.production.health.probe.url: asks port 8080, where nothing listens: write the `listen` "
            "of the component's route, 8081"
        ),
    ),
    "an approver's name": (
        production("approval: {approvers: [hana]}"),
        f"19: environments.production.approval.approvers[0]: 'hana' {NOBODY}",
    ),
    "an approver in a mention": (
        production("approval: {approvers: ['@U0HANA']}"),
        f"19: environments.production.approval.approvers[0]: '@U0HANA' {NOBODY}",
    ),
    "an approver in small letters": (
        production("approval: {approvers: [u0hana]}"),
        (
            "19: environments.production.approval.approvers[0]: 'u0hana' is nobody's id; Slack writes its ids in "
            "capitals: U0HANA"
        ),
    ),
    "no time to approve": (
        production("approval: {expires: 0s}"),
        "19: environments.production.approval.expires: leaves no time to approve; write a duration such as 30m",
    ),
    "root": (
        component("rules: {user: root}"),
        (
            "7: components.observer.rules.user: is root, which no service may run as; name another user, "
            "such as app or 10001"
        ),
    ),
    "root by its number": (
        component("rules: {user: '0:0'}"),
        (
            "7: components.observer.rules.user: is root, which no service may run as; name another user, "
            "such as app or 10001"
        ),
    ),
    "a platform that is none": (
        component("platforms: [linux/amd64, linux/arm65]"),
        "7: components.observer.platforms[1]: 'linux/arm65' is no platform, did you mean 'linux/arm64'?",
    ),
    "no platform": (
        component("platforms: []"),
        "7: components.observer.platforms: is empty; name at least one, such as linux/amd64",
    ),
    "memory that is no size": (
        production("limits: {memory: 512X}"),
        "19: environments.production.limits.memory: is no size; write one such as 512M or 2G",
    ),
    "reserved memory that is no size": (
        production("limits: {memory_reserved: much}"),
        "19: environments.production.limits.memory_reserved: is no size; write one such as 512M or 2G",
    ),
    "CPUs that are no number": (
        production("limits: {cpus: two}"),
        "19: environments.production.limits.cpus: is no number of CPUs; write one such as '0.5'",
    ),
    "reserved CPUs that are no number": (
        production("limits: {cpus_reserved: 500m}"),
        "19: environments.production.limits.cpus_reserved: is no number of CPUs; write one such as '0.5'",
    ),
    "a waived place that is relative": (
        production("paths: {waived: {app/data: it was moved}}"),
        (
            "19: environments.production.paths.waived.app/data: is no absolute path; write the path in the container, "
            "such as /app/archive"
        ),
    ),
    "a waived place that leads upwards": (
        production("paths: {waived: {/app/../data: it was moved}}"),
        (
            "19: environments.production.paths.waived./app/../data: leads upwards; write the path itself, such as "
            "/app/archive"
        ),
    ),
    "the whole container waived": (
        production("paths: {waived: {/: it was moved}}"),
        (
            "19: environments.production.paths.waived./: is the whole container; name what may be left behind, such "
            "as /app/archive"
        ),
    ),
    "an address of no repository": (
        ("../repositories/observer", "not a url"),
        (
            "3: repository.url: is nothing git can clone; write an https or ssh address, or a path that starts with "
            "/ or ./"
        ),
    ),
    "endpoints of a component that there is none of": (
        production("components: {observr: {}}"),
        "19: environments.production.components.observr: is no component, did you mean 'observer'?",
    ),
    "an empty glob of branches": (
        production("triggers: {branches: [main, '']}"),
        (
            "19: environments.production.triggers.branches[1]: is empty and fits nothing; write a glob such as v*, or "
            "take it out"
        ),
    ),
    "an empty glob of tags": (
        production("triggers: {tags: [' ']}"),
        (
            "19: environments.production.triggers.tags[0]: is empty and fits nothing; write a glob such as v*, or take "
            "it out"
        ),
    ),
}


@pytest.mark.parametrize(("change", "fault"), TOLD.values(), ids=TOLD)
def test_what_cannot_work_in_a_service_is_the_one_fault(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    assert change[0] in OBSERVER
    assert faults(written(tmp_path, OBSERVER.replace(*change))) == [f"services/observer.yaml:{fault}"]


WORKS = {
    "a canary with just enough answers": (
        "      directory: /opt/observer\n",
        f"{ROLLING.format(listen=8080).replace('rolling', 'canary')}      canary: {{share: 10, window: 20s}}\n",
    ),
    "a canary kept for later": (
        "      directory: /opt/observer\n",
        "      directory: /opt/observer\n      canary: {}\n",
    ),
    "a backup of a mount": production("paths: {mounts: {./data: /srv/x}, backup: {mounts: [/srv/x]}}"),
    "health at the proxy": ("      directory: /opt/observer\n", ROLLING.format(listen=8080)),
    "health at loopback of the other kind": ("127.0.0.1:8080", "[::1]:8080"),
    "every kind of person": production("approval: {approvers: [U0HANA, W0MAX, 'terminal:hana', 'github:Max-1']}"),
    "another user": component("rules: {user: '10001'}"),
    "platforms with variants": component("platforms: [linux/arm/v7, linux/arm64/v8, linux/s390x]"),
    "limits": production("limits: {memory: 1.5g, memory_reserved: '536870912', cpus: '2', cpus_reserved: '.5'}"),
    "limits of Kubernetes' kind": production("limits: {memory: 512MiB}"),
    "https": ("../repositories/observer", "https://github.com/acme/observer.git"),
    "ssh": ("../repositories/observer", "ssh://git@git.example:2222/acme/observer"),
    "the short form of ssh": ("../repositories/observer", "git@github.com:acme/observer.git"),
    "a path": ("../repositories/observer", "/srv/my repositories/observer"),
    "a file's address": ("../repositories/observer", "file:///srv/observer"),
    "waived places": production("paths: {persist: [/app/data], waived: {/app/data: moved by hand, /app/x/: old}}"),
    "globs": production("triggers: {branches: [main, 'release/**'], tags: ['v*']}"),
}


@pytest.mark.parametrize("change", WORKS.values(), ids=WORKS)
def test_what_works_is_accepted(tmp_path: Path, change: tuple[str, str]) -> None:
    assert change[0] in OBSERVER
    load(written(tmp_path, OBSERVER.replace(*change)), {})


KEYS = {
    "key": "there is no file {path}; write the private key there, or null for the SSH agent",
    "known_hosts": (
        "there is no file {path}; make it with `ssh-keyscan -p 22 192.0.2.7 >> {path}`, and compare the key"
    ),
}


@pytest.mark.parametrize(("key", "message"), KEYS.items())
def test_a_file_for_the_way_in_must_be_there(tmp_path: Path, key: str, message: str) -> None:
    lost = tmp_path / "services/keys/lost"
    path = written(tmp_path, OBSERVER.replace("key: keys/one", f"{key}: keys/lost"))
    assert faults(path) == [f"services/observer.yaml:18: {TARGET}.hosts[0].{key}: {message.format(path=lost)}"]
    lost.touch()
    load(path, {})


BOT = {
    "a channel's name": (
        "slack:\n  releases_channel: '#releases'\n",
        (
            "2: slack.releases_channel: is not a channel's id; open the channel's details in Slack and copy its id, "
            "such as C0RELEASES"
        ),
    ),
    "another channel's name": (
        "slack:\n  escalation_channel: oncall\n",
        (
            "2: slack.escalation_channel: is not a channel's id; open the channel's details in Slack and copy its id, "
            "such as C0RELEASES"
        ),
    ),
    "one identity of two": (
        "people:\n  hana: [U0HANA]\n  max: [U0MAX, U0HANA]\n",
        "3: people.max[1]: 'U0HANA' already belongs to hana; keep it with one of them",
    ),
    "one login of two in capitals": (
        "people:\n  hana: ['github:hana']\n  max: ['github:Hana']\n",
        "3: people.max[0]: 'github:Hana' already belongs to hana; keep it with one of them",
    ),
    "an identity of nobody": ("people:\n  hana: [hana]\n", f"2: people.hana[0]: 'hana' {NOBODY}"),
    "a group by its name": (
        "groups:\n  release-crew: [U0HANA]\n",
        "2: groups.release-crew: is not a user group's id; open the group in Slack and copy its id, such as S0RELEASE",
    ),
    "a member of a group who is nobody": ("groups:\n  S0RELEASE: [hana]\n", f"2: groups.S0RELEASE[0]: 'hana' {NOBODY}"),
}


@pytest.mark.parametrize(("text", "fault"), BOT.values(), ids=BOT)
def test_what_cannot_work_in_the_bots_file_is_the_one_fault(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(written(tmp_path, shipmate=text)) == [f"shipmate.yaml:{fault}"]


def test_channels_and_people_of_the_right_kind_are_accepted(tmp_path: Path) -> None:
    text = "slack: {releases_channel: C0REL, escalation_channel: G0ONCALL}\npeople: {hana: [U0HANA, 'terminal:hana']}\n"
    load(written(tmp_path, shipmate=text), {})


KINDS = {
    "a mistyped kind": (
        IN_GIT.replace("kind: gitops", "kind: gitop"),
        [f"14: {TARGET}.kind: not a valid value, did you mean 'gitops'?"],
    ),
    "a mistyped kind of servers": (
        OBSERVER.replace("    target:\n", "    target:\n      kind: compse\n"),
        [f"14: {TARGET}.kind: not a valid value, did you mean 'compose'?"],
    ),
    "a kind unlike any, judged by its keys": (
        IN_GIT.replace("kind: gitops", "kind: flux"),
        [f"14: {TARGET}.kind: not a valid value; valid are compose, gitops"],
    ),
    "a kind left out": (
        IN_GIT.replace("      kind: gitops\n", ""),
        [f"13: {TARGET}.kind: this key is required and missing"],
    ),
    "hosts beside a deployment repository": (
        IN_GIT.replace("      repository:", "      hosts: []\n      repository:"),
        [f"15: {TARGET}.hosts: belongs to another kind of target; take it out"],
    ),
    "ArgoCD beside servers": (
        OBSERVER.replace("    target:\n", "    target:\n      argocd: {}\n"),
        [f"14: {TARGET}.argocd: belongs to another kind of target; take it out"],
    ),
    "an unknown key beside a deployment repository": (
        IN_GIT.replace("      file:", "      zzz: 1\n      file:"),
        [f"16: {TARGET}.zzz: unknown key; valid are argocd, branch, file, images, kind, repository"],
    ),
    "a refresh after the end": (
        IN_GIT.replace("application: observer", "application: observer\n        hard_refresh_after: 2m"),
        [
            f"21: {TARGET}.argocd.hard_refresh_after: would never happen: the wait ends after 2m; make it shorter",
        ],
    ),
}


@pytest.mark.parametrize(("text", "told"), KINDS.values(), ids=KINDS)
def test_a_target_is_judged_as_the_kind_that_is_meant(tmp_path: Path, text: str, told: list[str]) -> None:
    assert faults(written(tmp_path, text)) == [f"services/observer.yaml:{one}" for one in told]


def test_a_deployment_repository_is_accepted(tmp_path: Path) -> None:
    load(written(tmp_path, IN_GIT), {})
