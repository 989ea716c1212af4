"""A Django table as a NumPy record: rows go to PostgreSQL many at a time, never one by one.

COPY-001  the record's layout is derived from the model's columns, so that schema and encoder
          cannot disagree; only integers and booleans, none of them null.
COPY-002  a value that does not fit its column raises before a byte is sent.
COPY-003  new rows go by binary COPY. Rows that change go as one binary array a column, in the
          one statement that changes them: no temporary table to make, fill and analyse, and
          the planner, who takes an array for short, looks each row up by its key.
"""

from typing import Any

import numpy as np
from django.db import models
from django.db.backends.utils import CursorWrapper
from psycopg import RawCursor
from psycopg.adapt import Dumper
from psycopg.pq import Format

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


class _Array(bytes):
    """An array as PostgreSQL's binary protocol has it."""

    element_oid = 0
    dumper: type[Dumper]


def _array_type(element: int, array: int) -> type[_Array]:
    class Binary(Dumper):
        format = Format.BINARY
        oid = array

        def dump(self, obj: Any) -> bytes:
            return bytes(obj)

    return type("Array", (_Array,), {"element_oid": element, "dumper": Binary})


# The oids of smallint, integer, bigint, boolean, and of their arrays: fixed for ever.
_ARRAYS = {
    "i2": _array_type(21, 1005),
    "i4": _array_type(23, 1007),
    "i8": _array_type(20, 1016),
    "i1": _array_type(16, 1000),
}
_ARRAY_HEADER = np.dtype(">i4")


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
            assert field.column is not None
            formats[field.column] = _format_of(field)
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
        assert columns.keys() == self.formats.keys(), columns.keys() ^ self.formats.keys()
        names = ", ".join(f'"{column}"' for column in self.formats)
        changes = ", ".join(
            f'"{column}" = excluded."{column}"' for column in self.formats if column != key
        )
        change(
            cursor,
            f'INSERT INTO "{self.name}" ({names}) SELECT {names} FROM {rows_of(self.formats)} '  # noqa: S608
            f'ON CONFLICT ("{key}") DO UPDATE SET {changes}',
            self.formats,
            columns,
            count,
        )


class Patch:
    """Some columns of a model's rows, changed by primary key."""

    def __init__(self, model: type[models.Model], *columns: str) -> None:
        key = model._meta.pk
        assert key is not None
        fields = {name: model._meta.get_field(name) for name in columns}
        self._formats = {"id": _format_of(key)}
        self._formats |= {name: _format_of(field) for name, field in fields.items()}
        changes = ", ".join(f'"{name}" = p."{name}"' for name in columns)
        self._statement = (
            f'UPDATE "{model._meta.db_table}" t SET {changes} '  # noqa: S608
            f'FROM {rows_of(self._formats)} WHERE t."{key.column}" = p.id'
        )

    def write(self, cursor: CursorWrapper, columns: Columns, count: int) -> int:
        """How many rows were there to be changed."""
        return change(cursor, self._statement, self._formats, columns, count)


def rows_of(formats: dict[str, str]) -> str:
    """What stands in FROM for the arrays of `change`: a relation p with these columns."""
    places = ", ".join(f"${place}" for place in range(1, len(formats) + 1))
    names = ", ".join(f'"{name}"' for name in formats)
    return f"unnest({places}) AS p({names})"


def change(
    cursor: CursorWrapper,
    statement: str,
    formats: dict[str, str],
    columns: Columns,
    count: int,
) -> int:
    """Runs a statement that reads `rows_of(formats)`; returns how many rows it changed."""
    if count == 0:
        return 0
    arrays = [_array(name, columns[name], width, count) for name, width in formats.items()]
    # Django's own cursor would write every number out as text.
    with RawCursor(cursor.connection) as direct:
        for kind in _ARRAYS.values():
            direct.adapters.register_dumper(kind, kind.dumper)
        direct.execute(statement, arrays, prepare=True)
        return direct.rowcount


def _array(name: str, values: Integers | int, width: str, count: int) -> _Array:
    values = np.asarray(values)
    _check_range(name, values, width)
    kind = _ARRAYS[width]
    items = np.empty(count, [("size", ">i4"), ("value", f">{width}")])
    items["size"], items["value"] = int(width[1]), values
    # One dimension, no nulls, the type of an element; so many of them, counted from 1.
    header = np.array([1, 0, kind.element_oid, count, 1], _ARRAY_HEADER)
    return kind(header.tobytes() + items.tobytes())


def _format_of(field: Any) -> str:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return _FORMATS[target.get_internal_type()]


def _check_range(column: str, values: Integers, width: str) -> None:
    if values.size == 0 or width == "i8":
        return
    limits = np.iinfo(width)
    low, high = int(values.min()), int(values.max())
    if low < limits.min or high > limits.max:
        raise OverflowError(f"Expected {column} to fit {width}, was {low}..{high}")
