import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import (
    Any,
    ClassVar,
    Literal,
    SupportsFloat,
    SupportsIndex,
    TypeAlias,
    TypeVar,
    final,
    overload,
)

from _typeshed import ReadableBuffer
from typing_extensions import Self

_Index = TypeVar("_Index", bound=SupportsIndex)  # for lists, which are invariant

_Number: TypeAlias = SupportsFloat | SupportsIndex
_Axis: TypeAlias = SupportsIndex | None
_Selector: TypeAlias = SupportsIndex | slice
_Size: TypeAlias = Sequence[SupportsIndex]
_Operand: TypeAlias = _Number | Matrix | MatrixView | ReadableBuffer | Iterable[_Number]
_Rows: TypeAlias = Matrix | MatrixView | ReadableBuffer | Iterable[_Number]
_Pair: TypeAlias = Sequence[_Number] | ReadableBuffer | Matrix | MatrixView
_Strict: TypeAlias = _Number | Matrix
_Branch: TypeAlias = _Number | Matrix | ReadableBuffer | list[Any] | tuple[_Number, ...]

class MatrixShapeError(ValueError, NotImplementedError): ...

@final
class MatrixIndices(list[int]):
    def __init__(self, values: Iterable[int] = (), as_column: bool = False) -> None: ...
    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> list[int]: ...
    @overload
    def __getitem__(self, key: tuple[SupportsIndex, SupportsIndex], /) -> float: ...
    @overload
    def __getitem__(
        self,
        key: tuple[slice, _Selector | list[_Index]]
        | tuple[SupportsIndex | list[_Index], slice],
        /,
    ) -> Matrix: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int]: ...

@final
class MatrixViewIndexer:
    def __getitem__(
        self, key: SupportsIndex | tuple[_Selector, _Selector], /
    ) -> MatrixView: ...

@final
class MatrixView:
    __array_ufunc__: ClassVar[None]
    @property
    def __array_priority__(self) -> float: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def is_row(self) -> bool: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def T(self) -> MatrixView: ...  # noqa: N802
    @property
    def x(self) -> float: ...
    @x.setter
    def x(self, value: _Number) -> None: ...
    @property
    def y(self) -> float: ...
    @y.setter
    def y(self, value: _Number) -> None: ...
    @property
    def z(self) -> float: ...
    @z.setter
    def z(self, value: _Number) -> None: ...
    @property
    def w(self) -> float: ...
    @w.setter
    def w(self, value: _Number) -> None: ...
    def copy(self) -> Matrix: ...
    def values(self) -> Iterator[float]: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float]: ...
    @overload
    def __getitem__(self, key: SupportsIndex, /) -> float: ...
    @overload
    def __getitem__(self, key: slice, /) -> MatrixView: ...
    @overload
    def __setitem__(self, key: SupportsIndex, value: _Number, /) -> None: ...
    @overload
    def __setitem__(self, key: slice, value: _Operand, /) -> None: ...
    def __add__(self, other: _Operand, /) -> Matrix: ...
    def __radd__(self, other: _Operand, /) -> Matrix: ...
    def __sub__(self, other: _Operand, /) -> Matrix: ...
    def __rsub__(self, other: _Operand, /) -> Matrix: ...
    def __mul__(self, other: _Operand, /) -> Matrix: ...
    def __rmul__(self, other: _Operand, /) -> Matrix: ...
    def __truediv__(self, other: _Operand, /) -> Matrix: ...
    def __rtruediv__(self, other: _Operand, /) -> Matrix: ...
    def __matmul__(self, other: _Rows, /) -> Matrix: ...
    def __rmatmul__(self, other: _Rows, /) -> Matrix: ...
    def __neg__(self) -> Matrix: ...
    def __pos__(self) -> Matrix: ...
    def __abs__(self) -> Matrix: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview: ...

@final
class Matrix:
    __array_ufunc__: ClassVar[None]
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(
        self,
        rows: SupportsIndex,
        columns: SupportsIndex,
        values: float
        | SupportsIndex
        | Sequence[float | SupportsIndex]
        | ReadableBuffer
        | Matrix
        | None = None,
    ) -> None: ...
    @classmethod
    def zeros(cls, size: _Size) -> Matrix: ...
    @classmethod
    def ones(cls, size: _Size) -> Matrix: ...
    @classmethod
    def full(cls, size: _Size, value: _Number) -> Matrix: ...
    @classmethod
    def vector(cls, values: _Rows, as_column: bool = False) -> Matrix: ...
    @classmethod
    def concat(
        cls, values: Iterable[_Rows], axis: SupportsIndex = 0
    ) -> Matrix | Any: ...  # None for no values
    @classmethod
    def from_view(cls, view: MatrixView) -> Matrix: ...
    @classmethod
    def from_buffer(cls, buffer: ReadableBuffer) -> Matrix: ...
    @overload
    @classmethod
    def normal(
        cls, mean: _Number = 0.0, stddev: _Number = 1.0, size: None = None
    ) -> float: ...
    @overload
    @classmethod
    def normal(
        cls, mean: _Number = 0.0, stddev: _Number = 1.0, *, size: _Size
    ) -> Matrix: ...
    @overload
    @classmethod
    def normal(cls, mean: _Number, stddev: _Number, size: _Size) -> Matrix: ...
    @overload
    @classmethod
    def uniform(
        cls, minval: _Number = 0.0, maxval: _Number = 1.0, size: None = None
    ) -> float: ...
    @overload
    @classmethod
    def uniform(
        cls, minval: _Number = 0.0, maxval: _Number = 1.0, *, size: _Size
    ) -> Matrix: ...
    @overload
    @classmethod
    def uniform(cls, minval: _Number, maxval: _Number, size: _Size) -> Matrix: ...
    @classmethod
    def seed(cls, value: SupportsIndex) -> None: ...
    @classmethod
    def where(
        cls, mask: Matrix, a: _Branch, b: _Branch, /, *, out: Matrix | None = None
    ) -> Matrix: ...
    @classmethod
    def allclose(
        cls,
        lhs: Matrix | MatrixIndices,
        rhs: Matrix | MatrixIndices,
        /,
        rtol: _Number = 1e-05,
        atol: _Number = 1e-08,
        equal_nan: bool = False,
    ) -> bool: ...
    @property
    def __array_priority__(self) -> float: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def size(self) -> int: ...
    @property
    def length(self) -> float: ...
    @property
    def T(self) -> Matrix: ...  # noqa: N802
    @property
    def acquired(self) -> bool: ...
    @property
    def view(self) -> MatrixViewIndexer: ...
    @property
    def x(self) -> float: ...
    @x.setter
    def x(self, value: _Number) -> None: ...
    @property
    def y(self) -> float: ...
    @y.setter
    def y(self, value: _Number) -> None: ...
    @property
    def z(self) -> float: ...
    @z.setter
    def z(self, value: _Number) -> None: ...
    @property
    def w(self) -> float: ...
    @w.setter
    def w(self, value: _Number) -> None: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __trunc__(self) -> int: ...
    def __round__(self, ndigits: SupportsIndex | None = None, /) -> Any: ...
    def __format__(self, format_spec: str, /) -> str: ...
    def __iter__(self) -> Iterator[Any]: ...
    @overload
    def __getitem__(self, key: tuple[SupportsIndex, SupportsIndex], /) -> float: ...
    @overload
    def __getitem__(
        self,
        key: slice
        | list[_Index]
        | tuple[slice, _Selector | list[_Index]]
        | tuple[SupportsIndex | list[_Index], slice],
        /,
    ) -> Matrix: ...
    @overload
    def __getitem__(self, key: SupportsIndex, /) -> Any: ...
    def __setitem__(
        self,
        key: SupportsIndex
        | slice
        | list[_Index]
        | tuple[_Selector, _Selector]
        | tuple[list[_Index], slice]
        | tuple[slice, list[_Index]],
        value: _Operand,
        /,
    ) -> None: ...
    def __add__(self, other: _Operand, /) -> Matrix: ...
    def __radd__(self, other: _Operand, /) -> Matrix: ...
    def __iadd__(self, other: _Operand, /) -> Self: ...
    def __sub__(self, other: _Operand, /) -> Matrix: ...
    def __rsub__(self, other: _Operand, /) -> Matrix: ...
    def __isub__(self, other: _Operand, /) -> Self: ...
    def __mul__(self, other: _Operand, /) -> Matrix: ...
    def __rmul__(self, other: _Operand, /) -> Matrix: ...
    def __imul__(self, other: _Operand, /) -> Self: ...
    def __truediv__(self, other: _Operand, /) -> Matrix: ...
    def __rtruediv__(self, other: _Operand, /) -> Matrix: ...
    def __itruediv__(self, other: _Operand, /) -> Self: ...
    def __matmul__(self, other: _Rows, /) -> Matrix: ...
    def __rmatmul__(self, other: _Rows, /) -> Matrix: ...
    def __neg__(self) -> Matrix: ...
    def __pos__(self) -> Matrix: ...
    def __abs__(self) -> Matrix: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __lt__(self, other: _Operand, /) -> bool: ...
    def __le__(self, other: _Operand, /) -> bool: ...
    def __gt__(self, other: _Operand, /) -> bool: ...
    def __ge__(self, other: _Operand, /) -> bool: ...
    def __copy__(self) -> Matrix: ...
    def __deepcopy__(self, memo: Any = None, /) -> Matrix: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any: ...
    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview: ...

    def add(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def subtract(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def multiply(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def divide(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def less(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def less_equal(
        self, other: _Operand, /, *, out: Matrix | None = None
    ) -> Matrix: ...
    def greater(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def greater_equal(
        self, other: _Operand, /, *, out: Matrix | None = None
    ) -> Matrix: ...
    def equal(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def not_equal(self, other: _Operand, /, *, out: Matrix | None = None) -> Matrix: ...
    def negate(
        self, in_place: bool = False, *, out: Matrix | None = None
    ) -> Matrix: ...
    def abs(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def ceil(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def floor(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def round(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def sqrt(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def reciprocal(
        self, in_place: bool = False, *, out: Matrix | None = None
    ) -> Matrix: ...
    def sign(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def cos(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def sin(self, in_place: bool = False, *, out: Matrix | None = None) -> Matrix: ...
    def clip(
        self,
        min: _Number | None = None,  # noqa: A002
        max: _Number | None = None,  # noqa: A002
        *,
        in_place: bool = False,
        out: Matrix | None = None,
        maxval: _Number | None = None,
    ) -> Matrix: ...
    def bin(
        self,
        bins: SupportsIndex,
        *,
        bounds: _Pair | None = None,
        right: bool = False,
        in_place: bool = False,
        out: Matrix | None = None,
    ) -> Matrix: ...
    def digitize(
        self,
        edges: _Rows,
        *,
        right: bool = False,
        in_place: bool = False,
        out: Matrix | None = None,
    ) -> Matrix: ...
    @overload
    def sum(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def sum(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def mean(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def mean(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def min(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def min(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def max(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def max(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def magnitude(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def magnitude(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def magnitude_squared(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def magnitude_squared(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def prod(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def prod(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def any(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> bool: ...
    @overload
    def any(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def all(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> bool: ...
    @overload
    def all(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def var(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        ddof: _Number = 0,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def var(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        ddof: _Number = 0,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def std(
        self,
        axis: None = None,
        where: Matrix | None = None,
        *,
        ddof: _Number = 0,
        dtype: None = None,
        out: None = None,
    ) -> float: ...
    @overload
    def std(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        ddof: _Number = 0,
        dtype: None = None,
        out: None = None,
    ) -> Matrix: ...
    @overload
    def argmin(
        self, axis: None = None, where: Matrix | None = None, as_matrix: bool = False
    ) -> int: ...
    @overload
    def argmin(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        as_matrix: Literal[False] = False,
    ) -> MatrixIndices: ...
    @overload
    def argmin(
        self, axis: SupportsIndex, where: Matrix | None, as_matrix: Literal[True]
    ) -> Matrix: ...
    @overload
    def argmin(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        as_matrix: Literal[True],
    ) -> Matrix: ...
    @overload
    def argmin(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        as_matrix: bool = False,
    ) -> MatrixIndices | Matrix: ...
    @overload
    def argmax(
        self, axis: None = None, where: Matrix | None = None, as_matrix: bool = False
    ) -> int: ...
    @overload
    def argmax(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        as_matrix: Literal[False] = False,
    ) -> MatrixIndices: ...
    @overload
    def argmax(
        self, axis: SupportsIndex, where: Matrix | None, as_matrix: Literal[True]
    ) -> Matrix: ...
    @overload
    def argmax(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        *,
        as_matrix: Literal[True],
    ) -> Matrix: ...
    @overload
    def argmax(
        self,
        axis: SupportsIndex,
        where: Matrix | None = None,
        as_matrix: bool = False,
    ) -> MatrixIndices | Matrix: ...
    def topk(
        self,
        k: SupportsIndex,
        axis: _Axis = None,
        largest: bool = True,
        where: Matrix | None = None,
        as_matrix: bool = False,
    ) -> tuple[Matrix, Any]: ...
    def take(
        self,
        indices: Iterable[SupportsIndex],
        axis: SupportsIndex = 0,
        *,
        out: Matrix | None = None,
    ) -> Matrix: ...
    def select(
        self, indices: Iterable[SupportsIndex], axis: SupportsIndex = 0
    ) -> Matrix | None: ...
    def put(
        self,
        indices: Iterable[SupportsIndex],
        value: _Strict,
        axis: SupportsIndex = 0,
        accumulate: bool = False,
    ) -> Self: ...
    def take_along_axis(
        self,
        indices: Iterable[SupportsIndex],
        axis: SupportsIndex = 0,
        *,
        out: Matrix | None = None,
    ) -> Matrix: ...
    def put_along_axis(
        self,
        indices: Iterable[SupportsIndex],
        value: _Strict,
        axis: SupportsIndex = 0,
        accumulate: bool = False,
    ) -> Self: ...
    def repeat_interleave(
        self, repeats: SupportsIndex, axis: _Axis = None
    ) -> Matrix: ...
    @overload
    def vecdot(self, other: _Operand, /, axis: None = None) -> float: ...
    @overload
    def vecdot(self, other: _Operand, /, axis: SupportsIndex) -> Matrix: ...
    def cross(self, other: _Operand, /, axis: _Axis = None) -> Any: ...
    def normalize(self, axis: _Axis = None, in_place: bool = False) -> Matrix: ...
    def perpendicular(self, axis: _Axis = None, in_place: bool = False) -> Matrix: ...
    def angle(self, axis: _Axis = None) -> Any: ...
    def fma(self, b: _Strict, c: _Strict, /, in_place: bool = False) -> Matrix: ...
    def scaled_add(self, s: _Strict, x: _Rows, /, in_place: bool = False) -> Matrix: ...
    def row_view(
        self,
        row: SupportsIndex,
        columns: _Selector | None = None,
        *,
        read_only: bool = False,
    ) -> MatrixView: ...
    def column_view(
        self,
        column: SupportsIndex,
        rows: _Selector | None = None,
        *,
        read_only: bool = False,
    ) -> MatrixView: ...
    def row_views(self, *, read_only: bool = False) -> Iterator[MatrixView]: ...
    def column_views(self, *, read_only: bool = False) -> Iterator[MatrixView]: ...
    def values(self) -> Iterator[float]: ...
    def copy(self) -> Matrix: ...
    def transpose(self, in_place: bool = False) -> Matrix: ...
    def transpose_in_place(self) -> None: ...
    def flatten(self) -> Matrix: ...
    def reshape(self, rows: SupportsIndex, columns: SupportsIndex) -> Matrix: ...
    def tolist(self) -> list[list[float]]: ...

def _matrix_unpickle(
    rows: SupportsIndex, columns: SupportsIndex, data: ReadableBuffer, /
) -> Matrix: ...
def _take_seat(thread: SupportsIndex | None, /) -> None: ...
