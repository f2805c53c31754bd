"""The one seam between Spark and Python: kernels on Arrow batches.

`mapInArrow` alone binds result columns by position and takes a misnamed one silently. Here columns are
selected and checked by name, on the way in and on the way out. Batches are bounded in bytes by the session
(`spark.sql.execution.arrow.maxBytesPerBatch`), so memory does not follow document length. To keep that bound Spark asks
for a batch's size after every row, and Arrow's Java lists answer by walking over all rows since the last that is not
null: a column of nulls costs the square of the batch. So a null list crosses as an empty one and a mark beside it.

A kernel that raises ends the job with a ContractError that names the kernel and the line of code. It never
carries the exception's message, which could quote a document.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import ArrayType, MapType, StructType

from corpus_pipeline.errors import ContractError, CorpusError, ResourceError
from corpus_pipeline.schemas import contract

Kernel = Callable[[pa.RecordBatch], pa.RecordBatch]
StreamKernel = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]
_NULL = "_null_"  # before the name of a list: whether it is null


def struct_of(table: str, columns: Sequence[str] | None = None) -> StructType:
    """The Spark schema of a contract, or of some of its columns in the given order."""
    whole = StructType.fromJson(contract(table).schema)
    return whole if columns is None else StructType([whole[name] for name in columns])


def ddl(text: str) -> StructType:
    """The Spark schema that DDL text says; needs a running session."""
    parsed = StructType.fromDDL(text)
    assert isinstance(parsed, StructType)
    return parsed


def map_batches(df: DataFrame, kernel: Kernel, columns: Sequence[str], result: StructType) -> DataFrame:
    """Apply `kernel` to each Arrow batch of `df`'s `columns`; the result has exactly the columns of `result`.

    kernel  RecordBatch -> RecordBatch; any number of rows; column order free, names and types as in `result`
            (safe casts are done here). It runs in the Python worker, once per batch, never per row.
    """
    return stream_batches(df, _PerBatch(kernel), columns, result)


def stream_batches(df: DataFrame, kernel: StreamKernel, columns: Sequence[str], result: StructType) -> DataFrame:
    """As map_batches, for a kernel that sees all batches of a partition in order."""
    missing = [name for name in columns if name not in df.columns]
    if missing:
        raise ContractError(
            _name(kernel), f"input columns {list(columns)}", f"none named {missing}", "Add them to the input."
        )
    lists = [name for name in columns if isinstance(df.schema[name].dataType, ArrayType | MapType)]
    empty = {name: F.array() if isinstance(df.schema[name].dataType, ArrayType) else F.create_map() for name in lists}
    filled = {name: F.coalesce(name, one.cast(df.schema[name].dataType)) for name, one in empty.items()}
    marked = df.select(*columns, *(F.isnull(name).alias(_NULL + name) for name in lists)).withColumns(filled)
    return marked.mapInArrow(_Seam(kernel, to_arrow_schema(result), lists), result)


class _PerBatch:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                yield self.kernel(batch)


class _Seam:
    """Runs in the worker: makes lists null again, guards a kernel's errors and conforms what it yields."""

    def __init__(self, kernel: StreamKernel, schema: pa.Schema, lists: Sequence[str]) -> None:
        self.kernel, self.schema, self.lists = kernel, schema, lists

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        results = self.kernel(map(self._as_selected, batches))
        while True:
            try:
                batch = next(results)
            except StopIteration:
                return
            except CorpusError:
                raise
            except Exception as error:
                raise _failure(self.kernel, error) from None
            yield conform(batch, self.schema, _name(self.kernel))

    def _as_selected(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        for name in self.lists:
            at, column = batch.schema.get_field_index(name), batch.column(name)
            column = pc.if_else(batch.column(_NULL + name), pa.scalar(None, column.type), column)
            batch = batch.set_column(at, batch.schema.field(at), column)
        return batch.drop_columns([_NULL + name for name in self.lists]) if self.lists else batch


def conform(batch: pa.RecordBatch, schema: pa.Schema, where: str) -> pa.RecordBatch:
    """`batch` with the columns of `schema` by name, cast safely. Raises ContractError otherwise."""
    names = batch.schema.names
    if sorted(names) != sorted(schema.names):
        raise ContractError(where, f"result columns {schema.names}", f"{names}", "Return exactly these names.")
    columns = []
    for field in schema:
        column = batch.column(names.index(field.name))
        try:
            columns.append(column if column.type == field.type else column.cast(field.type))
        except pa.ArrowInvalid:
            raise ContractError(
                f"{where}: {field.name}",
                f"values of {field.type}",
                f"{column.type} that does not fit",
                "Check the kernel's dtype.",
            ) from None
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _failure(kernel: StreamKernel, error: Exception) -> CorpusError:
    if isinstance(error, OSError | MemoryError):
        got = os.strerror(error.errno or 0) if isinstance(error, OSError) else "MemoryError"
        return ResourceError(
            _name(kernel), "disk, memory and permissions", got, "Look at the worker's disk and memory."
        )
    frame = traceback.extract_tb(error.__traceback__)[-1]
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "corpus_pipeline" in f.filename] or [frame]
    place = f"{ours[-1].filename.rpartition('corpus_pipeline')[2].lstrip('/')}:{ours[-1].lineno}"
    return ContractError(
        _name(kernel),
        "a kernel that accepts any text",
        f"{type(error).__name__} at {place}",
        "This is a defect: please report it.",
    )


def _name(kernel: StreamKernel) -> str:
    inner = kernel.kernel if isinstance(kernel, _PerBatch) else kernel
    inner = getattr(inner, "func", inner)  # functools.partial
    return f"{getattr(inner, '__module__', '?')}.{getattr(inner, '__qualname__', type(inner).__name__)}"
