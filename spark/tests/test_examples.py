"""Without Spark: the scripts that docs/SPARK.md shows give the reports of one audit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import DOZEN, PROJECT, Whole, read

EXAMPLES = PROJECT / "spark/examples"


@pytest.fixture
def environment(program: str, tmp_path: Path) -> dict[str, str]:
    """Where `pktaudit` is a command."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pktaudit").symlink_to(program)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "JUDGE": "--no-site -q"}


@pytest.mark.parametrize("script", ["loop.sh", "parallel.sh"])
def test_a_shell_does_the_same_three_steps(
    script: str, environment: dict[str, str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    assert script == "loop.sh" or shutil.which("parallel"), "GNU parallel is needed: apt-get install parallel"
    wanted = whole(*DOZEN)
    out = tmp_path / "out"
    done = subprocess.run(["sh", EXAMPLES / script, out, *DOZEN], env=environment, capture_output=True)
    assert done.returncode == wanted.status == 1, done.stderr
    assert read(out) == wanted.files
    assert done.stdout == wanted.text
    # What cannot be read makes it 2, and the rest is audited.
    shutil.rmtree(out)
    bad = str(tmp_path / "missing.pcap")
    done = subprocess.run(["sh", EXAMPLES / script, out, bad, *DOZEN], env=environment, capture_output=True)
    assert done.returncode == 2
    assert b"missing.pcap: not found" in done.stderr
    assert read(out) == wanted.files


def test_a_shell_makes_the_reports_of_each_period(
    environment: dict[str, str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    # Minutes, since the samples were taken within a few days.
    wanted = whole("--every", "10m", *DOZEN[:4])
    folders = sorted((tmp_path / "whole").iterdir())
    assert len(folders) > 2
    out = tmp_path / "out"
    command = ["sh", EXAMPLES / "hours.sh", out, *DOZEN[:4]]
    done = subprocess.run(command, env={**environment, "EVERY": "10m"}, capture_output=True)
    assert done.returncode == wanted.status == 1, done.stderr
    for folder, made in zip(folders, sorted(out.iterdir()), strict=True):
        assert read(made) == read(folder)


def test_the_jobs_of_kubernetes_do_the_same(
    environment: dict[str, str], whole: Callable[..., Whole], tmp_path: Path
) -> None:
    """Each container's command is run by a local shell, where /data and /scripts are folders of the test."""
    data = tmp_path / "data"
    tap = data / "tap"
    tap.mkdir(parents=True)
    (data / "partials").mkdir()
    for number, path in enumerate(DOZEN):
        shutil.copy(path, tap / f"tap {number}.pcap")
    (tap / "notes.txt").write_text("on the mirror port\n")
    wanted = whole(str(tap))

    def container(job: Any) -> Any:
        (only,) = job["spec"]["template"]["spec"]["containers"]
        return only

    def start(job: Any, more: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        def here(text: str) -> str:
            return text.replace("/scripts/", f"{EXAMPLES}/kubernetes/").replace("/data/", f"{data}/")

        own = {each["name"]: here(each["value"]) for each in container(job).get("env", [])}
        command = [here(word) for word in container(job)["command"]]
        return subprocess.run(command, env={**environment, **own, **more}, capture_output=True)

    observe, judge = yaml.safe_load_all((EXAMPLES / "kubernetes/job.yaml").read_text())
    assert observe["spec"]["completionMode"] == "Indexed"
    completions = observe["spec"]["completions"]
    values = {each["name"]: each["value"] for each in container(observe)["env"]}
    assert values["COMPLETIONS"] == str(completions)
    # The second index dies on its way once, and is started again.
    for index in [0, 1, *range(1, completions)]:
        done = start(observe, {"JOB_COMPLETION_INDEX": str(index)})
        assert done.returncode == 0, done.stderr
    done = start(judge, {})
    assert done.returncode == 0, done.stderr
    assert read(data / "report") == wanted.files
