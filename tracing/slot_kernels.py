"""What a replay knows of every slot, a cache line each, and how it asks for one before it needs it.

On a large ledger each leg meets two slots at random places of the memory: what a leg needs of a slot stands together, and the
processor is told some legs ahead.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tracing.legs import Flags, Ints

BALANCE, STATE, HELD, BASE, FIRST, COUNT, ROOM, EMPTY = range(8)
"""Fen; whether it ENDS; fen of claims; where its block begins, the first lot in it, how many follow, places; empty pools."""
ENDS = 1
"""The state of a slot where money that comes in goes no further. Its balance is not read."""
LINE = 64
"""Bytes of a cache line."""


def slots_table(opening_fen: Ints, ends: Flags) -> NDArray[np.int64]:
    """The table before the first leg, each row at the beginning of a cache line."""
    room = np.zeros(8 * len(opening_fen) + 8, np.int64)
    skip = -room.ctypes.data % LINE // 8
    table = room[skip : skip + 8 * len(opening_fen)].reshape(-1, 8)
    table[:, BALANCE] = opening_fen
    table[:, STATE] = np.where(ends, ENDS, 0)
    return table


@intrinsic  # type: ignore[untyped-decorator]
def ask_for(context: Any, table: Any, at: Any) -> Any:
    """Tell the processor that row `at` of the table will be read soon; nothing waits for it."""

    def code(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        made = target.make_array(signature.args[0])(target, builder, values[0])
        stride = builder.extract_value(made.strides, 0)
        place = builder.add(builder.ptrtoint(made.data, stride.type), builder.mul(values[1], stride))
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        wanted = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", (pointer,), wanted)
        builder.call(prefetch, [builder.inttoptr(place, pointer), number(1), number(3), number(1)])
        return target.get_dummy_value()

    return types.void(table, types.intp), code


@njit(cache=True)
def clean_of(slots: NDArray[np.int64], slot: int) -> int:
    """Fen of the slot that are no claim's."""
    return max(0, slots[slot, BALANCE]) - slots[slot, HELD]
