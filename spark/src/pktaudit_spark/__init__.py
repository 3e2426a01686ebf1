"""A pktaudit audit on an existing Spark cluster: map is `observe`, reduce is `judge`."""

from .job import Audit, Periods, audit, audit_in_periods
from .model import Failure
from .options import Options, Refused
from .tables import TABLES, schema

__all__ = ["TABLES", "Audit", "Failure", "Options", "Periods", "Refused", "audit", "audit_in_periods", "schema"]
