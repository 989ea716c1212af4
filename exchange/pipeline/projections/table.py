"""A Django table as a NumPy record: rows go to PostgreSQL by binary COPY, never one by one.

COPY-001  the record's layout is derived from the model's columns, so that schema and encoder
          cannot disagree; only integers and booleans, none of them null.
COPY-002  a value that does not fit its column raises before a byte is sent.
"""

from typing import Any

import numpy as np
from django.db import models
from django.db.backends.utils import CursorWrapper

from exchange.pipeline.crash import crash_midway

Integers = np.ndarray[Any, Any]
Columns = dict[str, Integers | int]

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_FORMATS = {
    "SmallIntegerField": "i2",
    "SmallAutoField": "i2",
    "IntegerField": "i4",
    "BigIntegerField": "i8",
    "BooleanField": "i1",
}
_TYPES = {"i2": "smallint", "i4": "integer", "i8": "bigint", "i1": "boolean"}


class Table:
    """One model's rows, encoded column by column."""

    def __init__(self, name: str, formats: dict[str, str]) -> None:
        self.name = name
        self.formats = formats
        fields: list[tuple[str, str]] = [("fields", ">i2")]
        for column, width in formats.items():
            fields += [(f"{column}:size", ">i4"), (column, f">{width}")]
        self._dtype = np.dtype(fields)

    @classmethod
    def of(cls, model: type[models.Model]) -> "Table":
        """The table of a model whose columns are all integers or booleans."""
        formats = {}
        for field in model._meta.concrete_fields:
            target = field.target_field if isinstance(field, models.ForeignKey) else field
            assert field.column is not None
            formats[field.column] = _FORMATS[target.get_internal_type()]
        return cls(model._meta.db_table, formats)

    def encode(self, columns: Columns, count: int) -> bytes:
        """`count` rows in PostgreSQL's binary COPY format.

        columns : one entry a column, an array of `count` integers or one integer for all rows.
        """
        assert columns.keys() == self.formats.keys(), columns.keys() ^ self.formats.keys()
        rows = np.zeros(count, self._dtype)
        rows["fields"] = len(self.formats)
        for column, width in self.formats.items():
            values = np.asarray(columns[column])
            _check_range(column, values, width)
            rows[f"{column}:size"] = int(width[1])
            rows[column] = values
        return _SIGNATURE + rows.tobytes() + _TRAILER

    def copy(self, cursor: CursorWrapper, columns: Columns, count: int) -> None:
        """Appends rows; nothing happens for none."""
        if count == 0:
            return
        names = ", ".join(f'"{column}"' for column in self.formats)
        statement = f'COPY "{self.name}" ({names}) FROM STDIN WITH (FORMAT BINARY)'
        rows = self.encode(columns, count)
        with cursor.copy(statement) as stream:
            crash_midway("mid_copy", lambda: stream.write(rows[: len(rows) // 2]))
            stream.write(rows)

    def upsert(
        self, cursor: CursorWrapper, columns: Columns, count: int, *, key: str = "id"
    ) -> None:
        """Inserts rows, or replaces those whose key is already there."""
        if count == 0:
            return
        staging = self.staging(cursor)
        staging.copy(cursor, columns, count)
        names = ", ".join(f'"{column}"' for column in self.formats)
        changes = ", ".join(
            f'"{column}" = excluded."{column}"' for column in self.formats if column != key
        )
        cursor.execute(
            f'INSERT INTO "{self.name}" ({names}) SELECT {names} FROM "{staging.name}" '  # noqa: S608
            f'ON CONFLICT ("{key}") DO UPDATE SET {changes}'
        )

    def staging(self, cursor: CursorWrapper) -> "Table":
        """An empty temporary twin."""
        return temporary(cursor, f"staging_{self.name}", self.formats)


def temporary(cursor: CursorWrapper, name: str, formats: dict[str, str]) -> Table:
    """An empty temporary table, made once a connection: one each time bloats the catalogue."""
    columns = ", ".join(f'"{column}" {_TYPES[width]}' for column, width in formats.items())
    cursor.execute(
        f'CREATE TEMPORARY TABLE IF NOT EXISTS "{name}" ({columns}) ON COMMIT DELETE ROWS'
    )
    cursor.execute(f'DELETE FROM "{name}"')  # noqa: S608
    return Table(name, formats)


def _check_range(column: str, values: Integers, width: str) -> None:
    if values.size == 0 or width == "i8":
        return
    limits = np.iinfo(width)
    low, high = int(values.min()), int(values.max())
    if low < limits.min or high > limits.max:
        raise OverflowError(f"Expected {column} to fit {width}, was {low}..{high}")
