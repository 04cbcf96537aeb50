from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from tools.disk import Entry, Free, disks_in, entries_in, free_bytes_in, listing_of
from tools.errors import Garbled


def test_free_space_is_the_fourth_column_in_kibibytes() -> None:
    text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 40 60 40% /mnt/a b\n"
    assert free_bytes_in(text) == 60 * 1024


@pytest.mark.parametrize("text", ["", "df: no such file", "Filesystem 1024-blocks Used Available Capacity Mounted\n"])
def test_anything_else_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        free_bytes_in(text)


def test_entries_keep_spaces_in_names_and_leave_out_what_is_no_entry() -> None:
    text = "10.250000000 5 /d/b c\nbroken\n20 0 /d\nx y z\n"
    assert entries_in(text) == (
        Entry(PurePosixPath("/d"), 0, datetime.fromtimestamp(20, UTC)),
        Entry(PurePosixPath("/d/b c"), 5, datetime.fromtimestamp(10.25, UTC)),
    )


def test_the_path_and_the_depth_are_arguments() -> None:
    assert listing_of(PurePosixPath("/srv/a b"), 2)[3:] == ("listing", "/srv/a b", "2")


def test_paths_on_one_disk_share_what_is_free_there() -> None:
    text = "dev 100 50 50 50% /\ntmpfs 10 5 5 50% /srv with space\ndev 100 50 49 50% /\n"
    paths = tuple(PurePosixPath(path) for path in ("/a", "/srv with space/x", "/b"))
    assert disks_in(text, paths) == (Free((paths[0], paths[2]), 50 * 1024), Free((paths[1],), 5 * 1024))
    with pytest.raises(Garbled):
        disks_in("dev 100 50 50 50% /\n", paths)
