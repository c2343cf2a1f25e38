"""Arrow values made of their bytes.

`pa.array` and `pa.scalar` import pandas to ask whether what they are given is a Series; that takes longer than most
recordings take to read. Nothing here is ever one.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

TRUE: Final = pa.Array.from_buffers(pa.bool_(), 1, [None, pa.py_buffer(b"\x01")])[0]
FALSE: Final = pa.Array.from_buffers(pa.bool_(), 1, [None, pa.py_buffer(b"\x00")])[0]
NO_NUMBER: Final = pa.nulls(1, pa.float64())[0]
NO_WORD: Final = pa.nulls(1, pa.string())[0]


def number(value: float) -> pa.DoubleScalar:
    """A float64.

    >>> number(2.5).as_py()
    2.5
    """
    return pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(np.float64(value).tobytes())])[0]


def words(values: Iterable[str]) -> pa.StringArray:
    """An array of words.

    >>> words(["HR", "", "SpO₂"]).to_pylist()
    ['HR', '', 'SpO₂']
    """
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(encoded)))


def array_of(column: pa.ChunkedArray | pa.Array) -> np.ndarray[Any, Any]:
    """A column of numbers for numpy, NaN where there is none; `to_numpy` imports pandas too.

    >>> array_of(pa.nulls(2, pa.float64()))
    array([nan, nan])
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if array.null_count:
        array = array.fill_null(number(np.nan).cast(array.type))
    return np.from_dlpack(array)
