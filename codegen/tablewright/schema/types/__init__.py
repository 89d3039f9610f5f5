"""The column types of generated tables, one for each type of the spec language."""

# Star imports, so that the `__all__` of its own module exports a new type.
from tablewright.schema.types.column_type import ColumnType as ColumnType
from tablewright.schema.types.number import *  # noqa: F403
from tablewright.schema.types.range import *  # noqa: F403
from tablewright.schema.types.structured import *  # noqa: F403
from tablewright.schema.types.temporal import *  # noqa: F403
from tablewright.schema.types.text import *  # noqa: F403
