"""Tables: the schema is that of the CSV files and of the pages that describe them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from conftest import DOZEN, PROJECT, Whole

from pktaudit_spark import TABLES
from pktaudit_spark.model import FilePiece
from pktaudit_spark.tables import KINDS, cell, missing, moment, rows


def page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("table", sorted(TABLES))
def test_kinds_are_those_of_the_page_of_formats(table: str) -> None:
    text = page("FORMATS.md").split(f"### `{table}.csv`")[1].split("\n### ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| ([\w/]+) \|", text, re.MULTILINE))
    own = {name: "list" if kind == "numbers" else kind for name, kind in TABLES[table].items()}
    assert own == told
    assert [name for name, kind in TABLES[table].items() if kind == "numbers"] == (["frames"] if "frames" in own else [])


@pytest.mark.parametrize("table", sorted(TABLES))
def test_the_page_of_spark_has_the_schema(table: str) -> None:
    block = page("SPARK.md").split(f"`{table}`:\n\n```text\n")[1].split("```")[0]
    told = [column.split() for column in block.replace("\n", " ").split(",")]
    assert told == [[name, KINDS[kind]] for name, kind in TABLES[table].items()]


def test_columns_are_those_that_the_program_writes(whole: Callable[..., Whole]) -> None:
    files = whole(*DOZEN).files
    for table, columns in TABLES.items():
        reader = csv.reader(io.StringIO(files[f"{table}.csv"].decode(), newline=""))
        header = next(reader)
        assert header == list(columns)
        # Every cell of every row is of its kind.
        made = list(rows(table, header, FilePiece(f"{table}.csv", 0, files[f"{table}.csv"])))
        assert len(made) == len(list(reader)) > 0


def test_cells_have_values() -> None:
    assert cell("", "text") is None and cell("", "number") is None and cell("", "time") is None
    assert cell("", "list") == [] and cell("", "sentences") == [] and cell("", "numbers") == []
    assert cell("443", "number") == 443
    assert cell("true", "yes/no") is True and cell("false", "yes/no") is False
    assert cell("a b", "list") == ["a", "b"]
    assert cell("425 426", "numbers") == [425, 426]
    assert cell("one thing | another", "sentences") == ["one thing", "another"]
    # What keeps a spreadsheet from running a cell is no part of it.
    assert cell("'=1+1", "text") == "=1+1" and cell("''x", "text") == "'x"


def test_times_are_cut_to_microseconds() -> None:
    wanted = datetime(2026, 11, 21, 21, 18, 28, 123456, timezone.utc)
    assert moment("2026-11-21T21:18:28.123456789Z") == wanted
    assert moment("2026-11-21T21:18:28Z") == wanted.replace(microsecond=0)
    assert moment("2026-11-21T21:18:28.5Z").microsecond == 500000
    with pytest.raises(ValueError, match="no time in UTC"):
        moment("yesterday")


def test_columns_are_read_by_name_and_further_ones_left_out() -> None:
    header = ["new", *TABLES["flows"]]
    row = ["?", *["" for _ in TABLES["flows"]]]
    row[header.index("responder_port")] = "443"
    data = "\r\n".join([",".join(header), ",".join(row), ""]).encode()
    (made,) = rows("flows", header, FilePiece("flows.csv", 0, data))
    assert len(made) == len(TABLES["flows"])
    assert made[list(TABLES["flows"]).index("responder_port")] == 443
    # Pieces after the first have no header.
    (again,) = rows("flows", header, FilePiece("flows.csv", 9, (",".join(row) + "\r\n").encode()))
    assert again == made
    assert missing("flows", header) == []
    assert missing("flows", ["start"])[:1] == ["end"]
