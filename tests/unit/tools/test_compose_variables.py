import pytest

from tools.compose_variables import bare, mounts_spelled_out, spelled_out

UNKNOWN = {"A", "B"}


def of_port(item: str) -> str:
    return f"services:\n  web:\n    ports:\n      - {item} # why\n      - 22:22\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-./data}:/app", "${A}:/app"),
        ("${A-x} ${A:?needed: yes} ${A:+x} ${A?}", "${A} ${A} ${A} ${A}"),
        ("${A:-${B:-${C:-9}}}/x", "${A}/x"),
        ("$${A:-x} and $$${A:-x}", "$${A:-x} and $$${A}"),
        ("$A ${A} {a: b-c}", "$A ${A} {a: b-c}"),
    ],
)
def test_a_bare_variable_has_no_colon_of_its_own(text: str, expected: str) -> None:
    assert bare(text) == expected


@pytest.mark.parametrize(
    ("item", "long"),
    [
        ('"${A:?set it: now}:8000"', '{published: "${A:?set it: now}", target: 8000}'),
        ("$A:8000/udp", '{published: "$A", target: 8000, protocol: "udp"}'),
        ('"${B}:${A:-1}:80"', '{host_ip: "${B}", published: "${A:-1}", target: 80}'),
        ('"[::1]:${A}:80"', '{host_ip: "::1", published: "${A}", target: 80}'),
        ('"127.0.0.1::${C:-80}${A}"', '{host_ip: "127.0.0.1", target: 65535}'),
        ('"${A}-${B}:8000-8001"', '{published: "${A}-${B}", target: 65535}'),
    ],
)
def test_a_port_with_an_unknown_variable_is_written_in_its_long_form(item: str, long: str) -> None:
    assert spelled_out(of_port(item), UNKNOWN).text == of_port(long)


@pytest.mark.parametrize(
    "item", ['"${C:-80}:80"', '"${A:+127.0.0.1:}80:80"', '&port "${A}:80"', "{target: 80}", "a:b:c:d"]
)
def test_every_other_port_stays_as_it_is_written(item: str) -> None:
    assert spelled_out(of_port(item), UNKNOWN).text == of_port(item)


def test_a_number_that_the_file_does_not_have_stands_for_a_port_that_nobody_knows() -> None:
    written = spelled_out('x: 65535\nservices: {a: {ports: ["$A:${B:?}", "${A}"]}}', UNKNOWN)
    assert written.targets == {65534: "${A}", 65533: "${B}"}
    assert written.text == 'x: 65535\nservices: {a: {ports: [{published: "$A", target: 65533}, {target: 65534}]}}'


def test_ports_that_services_share_are_written_once() -> None:
    shared = 'x: &x\n  ports: &p ["{}"]\nservices: {{a: {{<<: *x}}, b: {{ports: *p}}}}\n'
    assert spelled_out(shared.format("$A:1"), UNKNOWN).text == shared.replace('"{}"', "{}").format(
        '{published: "$A", target: 1}'
    )


@pytest.mark.parametrize(
    ("item", "long"),
    [
        ('"${A:?say: where}:/d"', '{type: bind, source: "${A:?say: where}", target: "/d", read_only: false}'),
        ("$A/x:/d:ro,z", '{type: bind, source: "$A/x", target: "/d", read_only: true}'),
        ("${A}:/d:rw", '{type: bind, source: "${A}", target: "/d", read_only: false}'),
        ("./${A}:/d", None),
        ("data:/d", None),
        ("${C:-./x}:/d", None),
        ("$C:/d", None),
        ("/d/$A", None),
        ("&x $A:/d", None),
        ('"${A:+./x:}/d"', None),
    ],
)
def test_a_mount_that_begins_with_an_unknown_variable_is_written_as_a_bind(item: str, long: str | None) -> None:
    text = f"services:\n  web:\n    volumes:\n      - {item} # why\n      - a:/a\nvolumes: {{a: {{}}}}\n"
    assert mounts_spelled_out(text, UNKNOWN) == (text.replace(item, long) if long else text)
    assert mounts_spelled_out(text, ()) == text


def test_mounts_of_a_file_that_is_no_yaml_stay_as_they_are() -> None:
    assert mounts_spelled_out("volumes: [$A:/d", UNKNOWN) == "volumes: [$A:/d"
