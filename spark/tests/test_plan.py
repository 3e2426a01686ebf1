"""How work is cut and partial files are grouped."""

from __future__ import annotations

import itertools

import pytest

from pktaudit_spark.main import byte_count, options
from pktaudit_spark.model import Capture, Part, Slice, Task
from pktaudit_spark.plan import again, groups, needs_merging, slices, tasks

MB = 1 << 20


def small(*sizes: int) -> list[Capture]:
    return [Capture(f"{number}.pcap", size) for number, size in enumerate(sizes)]


def test_small_captures_share_a_task_and_each_is_in_one() -> None:
    captures = small(*[10 * MB] * 50)
    made = tasks(captures, True, 100 * MB)
    assert [len(task.captures) for task in made] == [10] * 5
    assert [each for task in made for each in task.captures] == captures
    assert [task.number for task in made] == [0, 1, 2, 3, 4]


def test_every_worker_has_some() -> None:
    assert len(tasks(small(*[MB] * 12), True, 256 * MB, least=6)) == 6
    assert len(tasks(small(MB, MB), True, 256 * MB, least=6)) == 2


def test_a_command_line_has_an_end() -> None:
    assert max(len(task.captures) for task in tasks(small(*[1] * 1000), True)) == 200


def test_fetched_captures_are_tasks_of_their_own() -> None:
    captures = [Capture("a"), Capture("x://b", remote=True), Capture("x://c", remote=True)]
    assert [len(task.captures) for task in tasks(captures, True)] == [1, 2]


def test_a_large_capture_is_cut_where_pktaudit_reads_slices() -> None:
    large = Capture("large.pcap", 1000 * MB, can_be_cut=True)
    made = tasks([large, *small(MB)], True, 256 * MB)
    assert [task.slice for task in made] == [Slice(1, 4), Slice(2, 4), Slice(3, 4), Slice(4, 4), None]
    assert str(made[1].slice) == "2/4"
    assert [task.slice for task in tasks([large], False, 256 * MB)] == [None]


@pytest.mark.parametrize(
    ("capture", "wanted"),
    [
        (Capture("a", 31 * MB, can_be_cut=True), 1),
        (Capture("a", 33 * MB, can_be_cut=True), 3),
        (Capture("a", 33 * MB), 1),
        (Capture("x://a", 33 * MB, can_be_cut=True, remote=True), 1),
        (Capture("a", 33 * MB, can_be_cut=True, dropped=True), 1),
    ],
)
def test_what_cannot_be_cut_is_read_whole(capture: Capture, wanted: int) -> None:
    assert slices(capture, True, 1) == wanted


def test_only_what_failed_is_tried_again_and_alone() -> None:
    task = Task(3, tuple(small(1, 2, 3)), Slice(2, 3))
    made = again(task, ["0.pcap", "2.pcap"], itertools.count(9))
    assert [(each.number, [one.path for one in each.captures], each.slice) for each in made] == [
        (9, ["0.pcap"], Slice(2, 3)),
        (10, ["2.pcap"], Slice(2, 3)),
    ]


def test_groups_are_bounded_by_bytes_and_number() -> None:
    parts = [Part(str(number), size, "") for number, size in enumerate([5, 5, 5, 20, 1, 1, 1, 1])]
    grouped = groups(parts, 10, 3)
    assert [[part.name for part in group] for group in grouped] == [["0", "1"], ["2"], ["3"], ["4", "5", "6"], ["7"]]
    assert needs_merging(parts, 7) and not needs_merging(parts, 8)


def test_flags_go_to_the_step_that_takes_them() -> None:
    arguments = "--site s.toml --rules +@x --region us-1 --feature no-a --as-of 2026-11-01 --dns-seed d --since 1 --until 2"
    asked = options([*arguments.split(), "--host", "10.0.0.0/8", "--filter", "not port 22", "-q", "-f", "json", "tap"])
    assert asked.observe_flags() == ("--since=1", "--until=2", "--filter=not port 22", "--host=10.0.0.0/8")
    judge = "--site s.toml --rules +@x --region us-1 --feature no-a --dns-seed d --as-of 2026-11-01 --format json --quiet"
    assert asked.judge_flags() == tuple(judge.split())
    assert options(["tap"]).judge_flags() == ("--no-site",)


def test_the_program_has_these_flags(program: str) -> None:
    import subprocess

    asked = options("--site s --rules r --region x --feature x --as-of x --dns-seed d --since 1 --until 2 --host h --filter f -q -v t".split())
    for command, flags in (("observe", asked.observe_flags()), ("judge", (*asked.judge_flags(), "--no-site", "--out"))):
        usage = subprocess.run([program, command, "--help"], capture_output=True, text=True, check=True).stdout
        for flag in flags:
            if flag.startswith("--"):
                assert flag.split("=")[0] in usage, f"{command} {flag}"


def test_bytes_are_written_with_a_letter() -> None:
    assert [byte_count(text) for text in ("7", "64M", "2g", "1K")] == [7, 64 * MB, 2 << 30, 1024]
    with pytest.raises(SystemExit):
        options(["--task-bytes", "many", "tap"])
