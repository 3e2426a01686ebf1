"""A pktaudit audit on an existing Spark cluster: map is `observe`, reduce is `judge`."""

from .job import Audit, audit
from .model import Failure
from .options import Options, Refused
from .tables import TABLES, schema

__all__ = ["TABLES", "Audit", "Failure", "Options", "Refused", "audit", "schema"]
