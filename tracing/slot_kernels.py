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

from tracing.legs import Ints, Slots

BALANCE, STATE, HELD, HOLDER, BASE, COUNT, ROOM, GONE = range(8)
"""Fen; bits of its state; fen of claims; number of its holder; where its block begins, how many pools or lots there are, places
of the block; how many lots in front of them are gone."""
ENDS, IDENTIFIED, FLAGGED = 1, 2, 2
"""Bits of a slot's state: money that comes in goes no further (its balance is not read); a record chose what leaves. The flags
that money leaving it gets stand `FLAGGED` bits higher."""
LINE = 64
"""Bytes of a cache line."""


def aligned(values: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """Zeros that begin with a cache line. Memory nobody has touched costs nothing, and numpy asks for it in large pages."""
    room = np.zeros(values * kind.itemsize + LINE, np.uint8)
    skip = -room.ctypes.data % LINE
    return room[skip : skip + values * kind.itemsize].view(kind)


def slots_table(opening_fen: Ints, slots: Slots, holder: Ints) -> NDArray[np.int64]:
    """The table before the first leg, each row at the beginning of a cache line. holder: number of each slot's holder."""
    table = aligned(8 * len(holder), np.dtype(np.int64)).reshape(-1, 8)
    table[:, BALANCE], table[:, HOLDER] = opening_fen, holder
    table[:, STATE] = slots.ends * ENDS + slots.identified * IDENTIFIED + (slots.flags << FLAGGED)
    return table


@intrinsic
def asked(context: Any, table: Any, at: Any) -> Any:
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


ask_for: Any = asked
"""As compiled code calls it: with the table and the row."""


@intrinsic
def not_counted(context: Any, table: Any) -> Any:
    """The same array without its count of references; whoever calls holds the array itself."""

    def code(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        made = target.make_array(signature.args[0])(target, builder, values[0])
        made.meminfo = ir.Constant(made.meminfo.type, None)
        made.parent = ir.Constant(made.parent.type, None)
        return made._getvalue()

    return table(table), code


lent: Any = not_counted
"""As compiled code calls it. Counting references at each call took a sixth of pro rata's replay (10 M legs, sampled)."""


@njit(cache=True)
def clean_of(slots: NDArray[np.int64], slot: int) -> Any:
    """Fen of the slot that are no claim's."""
    return max(0, slots[slot, BALANCE]) - slots[slot, HELD]
