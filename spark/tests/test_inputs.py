"""Arguments to captures, without Spark: the same that `pktaudit audit` takes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import DOZEN, SAMPLES

from pktaudit_spark.inputs import CUT_FORMATS, WORTH_CUTTING, Listing, resolve
from pktaudit_spark.stores import FsspecStore, LocalStore, StoreError, local_path, place, scheme


def paths(listing: Listing) -> list[str]:
    return [each.path for each in listing.captures]


def test_folders_patterns_and_links_give_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "tap/deep").mkdir(parents=True)
    for name in ("tap/b.pcap", "tap/a.pcap", "tap/deep/c.pcap", "tap/.hidden"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "tap/z.pcap").symlink_to(tmp_path / "tap/a.pcap")
    (tmp_path / "tap/deep/up").symlink_to(tmp_path / "tap")
    os.mkfifo(tmp_path / "tap/pipe")
    top = f"{tmp_path}/tap"
    listing = resolve([top, f"{top}/*.pcap", f"file://{top}/a.pcap"])
    assert paths(listing) == [f"{top}/{name}" for name in (".hidden", "a.pcap", "b.pcap", "deep/c.pcap")]
    found = {each.path: each.found for each in listing.captures}
    # What was named as well is no stray file of a folder.
    assert found[f"{top}/b.pcap"] is False
    assert found[f"{top}/.hidden"] is True
    assert listing.problems == []
    assert sorted(listing.folders) == [top]


def test_what_audit_reads_of_the_samples_is_listed_under_the_same_names(program: str) -> None:
    listing = resolve([str(SAMPLES)])
    command = [program, "audit", "--no-site", "--verbose", "--format", "json", str(SAMPLES)]
    done = subprocess.run(command, capture_output=True, text=True)
    skipped = [line for line in done.stderr.splitlines() if line.removeprefix("pktaudit: ").startswith("skipped: ")]
    import json

    read = {each["path"] for each in json.loads(done.stdout)["capture"]["inputs"]}
    assert read <= set(paths(listing))
    assert len(listing.captures) == len(read) + len(skipped)


def test_what_is_not_there_is_told() -> None:
    listing = resolve(["missing.pcap", "no*such", "-", "x://y/z"])
    assert [path for path, _ in listing.problems] == ["missing.pcap", "no*such", "-", "x://y/z"]
    assert listing.captures == []


def test_dropped_captures_are_marked(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"x")
    listing = resolve([str(tmp_path)], [f"{tmp_path}/b"])
    assert [(each.path[-1], each.dropped) for each in listing.captures] == [("a", False), ("b", True)]


@pytest.mark.parametrize("magic", sorted(CUT_FORMATS))
def test_large_plain_pcap_files_can_be_cut(magic: bytes, tmp_path: Path) -> None:
    large, small, other = (tmp_path / name for name in ("large", "small", "other"))
    for path, size, first in ((large, WORTH_CUTTING, magic), (small, WORTH_CUTTING - 1, magic), (other, WORTH_CUTTING, b"\x1f\x8b\x08\x00")):
        path.write_bytes(first)
        os.truncate(path, size)
    can = {each.path: each.can_be_cut for each in resolve([str(tmp_path)]).captures}
    assert can == {str(large): True, str(small): False, str(other): False}


def test_addresses_are_told_from_paths() -> None:
    assert [scheme(path) for path in ("a.pcap", "/a:b/c", "file:/a", "HDFS://n/a", "s3a://b/k", "c:/x")] == [
        "", "", "", "hdfs", "s3a", "",
    ]  # fmt: skip
    assert [local_path(path) for path in ("a", "file:/a/b", "file:///a/b", "file://localhost/a")] == ["a", "/a/b", "/a/b", "/a"]


def test_an_address_leads_nowhere_but_below_its_folder(tmp_path: Path) -> None:
    assert place(tmp_path, "hdfs://head:8020/tap/a.pcap") == tmp_path / "hdfs:/head:8020/tap/a.pcap"
    with pytest.raises(StoreError, match="leads out of its folder"):
        place(tmp_path, "hdfs://x/../../../etc/passwd")


def test_a_shared_folder_takes_files_whole_and_tells_what_is_missing(tmp_path: Path) -> None:
    store = LocalStore()
    source = tmp_path / "a.part"
    source.write_bytes(b"evidence")
    shared = f"{tmp_path}/shared/job"
    store.put([source], shared)
    failed = store.fetch([f"{shared}/a.part", f"{shared}/b.part"], tmp_path / "here")
    assert (tmp_path / f"here/{shared}/a.part").read_bytes() == b"evidence"
    assert failed == {f"{shared}/b.part": "No such file or directory"}
    store.remove(shared)
    assert not Path(shared).exists()
    with pytest.raises(StoreError, match="a.part"):
        store.put([source], str(source))


def test_fsspec_fetches_each_file_and_tells_what_is_missing(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/tap/a.pcap", Path(DOZEN[0]).read_bytes())
    failed = FsspecStore().fetch(["memory://tap/a.pcap", "memory://tap/b.pcap"], tmp_path)
    assert (tmp_path / "memory:/tap/a.pcap").read_bytes() == Path(DOZEN[0]).read_bytes()
    assert list(failed) == ["memory://tap/b.pcap"]
    assert failed["memory://tap/b.pcap"].startswith("FileNotFoundError")
