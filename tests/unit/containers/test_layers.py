"""Layers over one another: whiteouts, links, and nothing outside the image."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from local_cloud.containers.layers import LayerError, unpack

Entry = tuple[str, bytes | str, bytes]
DIRECTORY, FILE, LINK, HARD = tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def layer(path: Path, *entries: Entry) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.mode = 0o755
            if kind in (LINK, HARD):
                entry.linkname = str(content)
                archive.addfile(entry)
            else:
                written = content if isinstance(content, bytes) else content.encode()
                entry.size = len(written) if kind == FILE else 0
                archive.addfile(entry, io.BytesIO(written))
    return path


def test_a_later_layer_wins_and_deletes(tmp_path: Path) -> None:
    first = layer(tmp_path / "1", ("a", "old", FILE), ("b", "gone", FILE), ("d/x", "gone", FILE), ("e/x", "1", FILE))
    second = layer(
        tmp_path / "2", ("a", "new", FILE), (".wh.b", "", FILE), (".wh.d", "", FILE), ("e/.wh..wh..opq", "", FILE)
    )
    third = layer(tmp_path / "3", ("e/y", "2", FILE))
    unpack([first, second, third], tmp_path / "root")
    root = tmp_path / "root"
    assert (root / "a").read_text() == "new"
    assert sorted(path.name for path in root.iterdir()) == ["a", "e"]
    assert [path.name for path in (root / "e").iterdir()] == ["y"]


def test_a_link_out_of_the_image_leads_back_into_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    one = layer(tmp_path / "1", ("data", str(outside), LINK), ("up", "../../../..", LINK))
    two = layer(tmp_path / "2", ("data/file", "x", FILE), ("up/file", "y", FILE))
    unpack([one, two], tmp_path / "root")
    assert not list(outside.iterdir())
    assert (tmp_path / "root" / str(outside).lstrip("/") / "file").read_text() == "x"
    assert (tmp_path / "root" / "file").read_text() == "y"


@pytest.mark.parametrize("entry", [("../evil", "x", FILE), ("a/../../evil", "x", FILE), ("a", "../../evil", HARD)])
def test_a_path_that_leaves_the_image_is_refused(tmp_path: Path, entry: Entry) -> None:
    with pytest.raises(LayerError, match="leaves the image"):
        unpack([layer(tmp_path / "1", entry)], tmp_path / "root")


def test_devices_are_not_made(tmp_path: Path) -> None:
    unpack([layer(tmp_path / "1", ("dev/sda", b"", tarfile.BLKTYPE), ("pipe", b"", tarfile.FIFOTYPE))], tmp_path / "r")
    assert [path.name for path in (tmp_path / "r").rglob("*")] == ["dev"]


def test_programs_do_not_run_as_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "1"
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("su")
        entry.mode = 0o4755
        archive.addfile(entry, io.BytesIO())
    unpack([path], tmp_path / "root")
    assert (tmp_path / "root" / "su").stat().st_mode & 0o7777 == 0o755


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\x1f\x8b no gzip")
    with pytest.raises(LayerError, match="broken"):
        unpack([tmp_path / "broken"], tmp_path / "root")
