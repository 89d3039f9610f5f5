"""The column types of generated tables, one for each type of the spec language."""

from tablewright.schema.types.column_type import ColumnType as ColumnType
from tablewright.schema.types.moment import (
    Date as Date,
    DateTime as DateTime,
    Interval as Interval,
    Time as Time,
    TimestampTz as TimestampTz,
)
from tablewright.schema.types.number import (
    BigInteger as BigInteger,
    Boolean as Boolean,
    Decimal as Decimal,
    Float as Float,
    Integer as Integer,
    Real as Real,
    SmallInteger as SmallInteger,
)
from tablewright.schema.types.range import RangeOf as RangeOf
from tablewright.schema.types.structured import (
    ArrayOf as ArrayOf,
    Codec as Codec,
    Coded as Coded,
    Json as Json,
)
from tablewright.schema.types.text import (
    Bytes as Bytes,
    Enum as Enum,
    Hash as Hash,
    String as String,
    Text as Text,
    Uuid as Uuid,
)
