"""A hint to the processor: this row will be needed soon.

Commands come in batches, so the rows that the next few will touch are known. Asking for them
early overlaps the waits for memory, which otherwise are most of what a command costs. A hint
changes nothing that can be seen: neither state nor events nor their order (PRE-001).
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

from exchange.engine.state import inner_kernel

_LINE_BYTES = 64


def _prefetch_line(_context: Any, row: Any) -> Any:
    """The intrinsic: fetch two cache lines of a record, or of a row of numbers, for writing."""

    def generate(codegen: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        byte, number = ir.IntType(8), ir.IntType(32)
        start = arguments[0]
        if isinstance(row, types.Array):
            start = codegen.make_array(row)(codegen, builder, start).data
        address = builder.bitcast(start, byte.as_pointer())
        hint = builder.module.declare_intrinsic(
            "llvm.prefetch",
            (byte.as_pointer(),),
            ir.FunctionType(ir.VoidType(), [byte.as_pointer(), number, number, number]),
        )
        for offset in (0, _LINE_BYTES):
            line = builder.gep(address, [ir.Constant(number, offset)])
            builder.call(hint, [line, number(1), number(3), number(1)])
        return ir.Constant(ir.IntType(64), 0)

    return types.int64(row), generate


def _no_hint(_row: Any) -> int:
    return 0


@inner_kernel
def _probe() -> None:
    return


# NUMBA_DISABLE_JIT: there is nothing to hint at.
prefetch: Any = intrinsic(_prefetch_line) if isinstance(_probe, Dispatcher) else _no_hint
