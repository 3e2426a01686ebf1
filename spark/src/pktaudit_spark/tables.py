"""The CSV files of a report as tables of Spark. `docs/SPARK.md` lists the same columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .model import FilePiece

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

#: A cell's type in Spark by its kind in `docs/FORMATS.md`; frame numbers are a list of their own.
KINDS = {
    "word": "string",
    "text": "string",
    "number": "bigint",
    "time": "timestamp",
    "yes/no": "boolean",
    "list": "array<string>",
    "numbers": "array<bigint>",
    "sentences": "array<string>",
}

_FINDINGS = """
severity word, finding word, outcome word, stage word, confidence word, initiator text, host text, target text,
port number, transport word, message text, advice text, evidence list, evidence_details sentences, control text,
first time, last time, attempts number, frames numbers, frames_omitted number, requirements list, service sentences,
document sentences, page sentences, table sentences, row sentences, line sentences, entries sentences,
vendor sentences, product sentences, rule_sha256 sentences, id text, frames_in_files sentences, initiator_roles list,
responders list, responder_roles list, name text, name_source word, bytes_out number, bytes_in number,
comments sentences
"""

_REQUIREMENTS = """
requirement text, document text, service text, from list, to list, ports list, transport list, region list, need word,
when sentences, outcome word, reason text, message text, absence_counts yes/no, excused_by text, reached_by list,
missed_by list, resolved list, intents number, frames numbers, frames_omitted number, page text, table text, row text,
line number, valid_from text, valid_until text, doubtful sentences, vendor text, product text, rule_sha256 text,
frames_in_files sentences, first time, last time, attempts number, bytes_out number, bytes_in number, findings list
"""

_FLOWS = """
start time, end time, initiator text, initiator_port number, responder text, responder_port number, transport word,
app word, conn_state word, history text, packets_out number, packets_in number, bytes_out number, bytes_in number,
name text, name_source word, names list, vlan list, tunnel list, first_frame number, last_frame number, outcome word,
stage word, confidence word, evidence word, reason text, requirements list, file text, initiator_roles list,
responder_roles list, findings list
"""


def _columns(text: str) -> dict[str, str]:
    pairs = (column.split() for column in text.replace("\n", " ").split(","))
    return {name: kind for name, kind in pairs}


#: Columns of each table in their order, each with the kind of its cells.
TABLES: dict[str, dict[str, str]] = {
    "findings": _columns(_FINDINGS),
    "requirements": _columns(_REQUIREMENTS),
    "flows": _columns(_FLOWS),
}


def schema(table: str) -> StructType:
    """The schema of `findings`, `requirements` or `flows`. Every column may be null, but lists are empty instead."""
    from pyspark.sql import types

    kinds: dict[str, types.DataType] = {
        "string": types.StringType(),
        "bigint": types.LongType(),
        "timestamp": types.TimestampType(),
        "boolean": types.BooleanType(),
        "array<string>": types.ArrayType(types.StringType(), containsNull=False),
        "array<bigint>": types.ArrayType(types.LongType(), containsNull=False),
    }
    fields = [types.StructField(name, kinds[KINDS[kind]]) for name, kind in TABLES[table].items()]
    return types.StructType(fields)


def missing(table: str, header: Sequence[str]) -> list[str]:
    """Columns of the table that a CSV file lacks. Further ones may follow, and are left out."""
    return [name for name in TABLES[table] if name not in header]


def rows(table: str, header: Sequence[str], piece: FilePiece) -> Iterator[tuple[Any, ...]]:
    """The rows of a piece of a CSV file; the first piece begins with the header."""
    places = [(header.index(name), kind) for name, kind in TABLES[table].items()]
    reader = csv.reader(io.StringIO(piece.data.decode("utf-8"), newline=""))
    if piece.offset == 0:
        next(reader, None)
    for row in reader:
        yield tuple(cell(row[place], kind) for place, kind in places)


def cell(text: str, kind: str) -> Any:
    """A cell's value. The `'` that keeps a spreadsheet from running it is taken off."""
    text = text[1:] if text.startswith("'") else text
    if kind == "list":
        return text.split(" ") if text else []
    if kind == "numbers":
        return [int(number) for number in text.split(" ")] if text else []
    if kind == "sentences":
        return text.split(" | ") if text else []
    if text == "":
        return None
    if kind == "number":
        return int(text)
    if kind == "yes/no":
        return text == "true"
    if kind == "time":
        return moment(text)
    return text


def moment(text: str) -> datetime:
    """A time of RFC 3339 in UTC. Spark counts microseconds: the last three digits of nanoseconds are cut off."""
    found = re.fullmatch(r"(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z", text)
    if found is None:
        raise ValueError(f"{text}: no time in UTC")
    *parts, fraction = found.groups()
    year, month, day, hour, minute, second = map(int, parts)
    micros = int((fraction or "").ljust(6, "0")[:6])
    return datetime(year, month, day, hour, minute, second, micros, timezone.utc)
