"""Kind and number of dimensions of what kernels take, so that compiling them ahead needs no list of its own."""

from typing import Annotated, Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

__all__ = ["B0", "B1", "B3", "B4", "D0", "D1", "D2", "D3", "F1", "F2", "F3", "I0", "I1", "I2", "J1", "J3", "K1", "U3"]
__all__ += ["nothing_for", "zeros_of"]

WIDE = 48  # longer than whatever index a kernel reads of arrays of zeros
_DTYPES = {
    "b": np.bool_, "k": np.int8, "u": np.uint8, "j": np.int32, "i": np.int64, "f": np.float32, "d": np.float64,
    "w": np.uint64,
}  # fmt: skip

B0 = Annotated[bool, "b0"]
B1 = Annotated[NDArray[np.bool_], "b1"]
B3 = Annotated[NDArray[np.bool_], "b3"]
B4 = Annotated[NDArray[np.bool_], "b4"]
D0 = Annotated[float, "d0"]
D1 = Annotated[NDArray[np.float64], "d1"]
D2 = Annotated[NDArray[np.float64], "d2"]
D3 = Annotated[NDArray[np.float64], "d3"]
F1 = Annotated[NDArray[np.float32], "f1"]
F2 = Annotated[NDArray[np.float32], "f2"]
F3 = Annotated[NDArray[np.float32], "f3"]
I0 = Annotated[int, "i0"]
I1 = Annotated[NDArray[np.int64], "i1"]
I2 = Annotated[NDArray[np.int64], "i2"]
J1 = Annotated[NDArray[np.int32], "j1"]
J3 = Annotated[NDArray[np.int32], "j3"]
K1 = Annotated[NDArray[np.int8], "k1"]
U3 = Annotated[NDArray[np.uint8], "u3"]


def zeros_of(code: str) -> Any:
    """A zero of a kind, or an array of zeros."""
    array: NDArray[Any] = np.zeros((WIDE,) * int(code[1:]), _DTYPES[code[0]])
    return array if array.ndim else array[()]


def nothing_for(kernel: Any) -> list[Any]:
    """Arguments of a kernel with annotated parameters, in order: named groups filled with zeros."""
    hints = get_type_hints(getattr(kernel, "py_func", kernel), include_extras=True)
    return [_nothing(hint) for hint in hints.values()]


def _nothing(hint: Any) -> Any:
    if isinstance(hint, type):  # a NamedTuple
        return hint(*map(_nothing, get_type_hints(hint, include_extras=True).values()))
    return zeros_of(hint.__metadata__[0])
