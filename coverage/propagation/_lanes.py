"""Sixteen float32 lanes or eight rays at a time: sums of the wall-shadow kernels as vector instructions.

Left to itself the compiler makes 16 scalar additions, because it cannot know that the rows do not overlap.
Arguments are addresses of rows of 16 float32, or of 8 float64. numba's cache on disk watches `_kernels.py` only:
after an edit here, touch that file.
"""
# mypy: ignore-errors

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16  # float32 values in one 64-byte row: one addition on AVX-512, two on AVX2
ROW_BYTES = 4 * LANES
AHEAD = 8  # receivers whose place in the table is worked out at once, or rays of a packet: eight float64

_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_DOUBLE = ir.DoubleType()
_DOUBLES, _COUNTS = ir.VectorType(_DOUBLE, AHEAD), ir.VectorType(_INT, AHEAD)
_ROW, _INDEX = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)


def _load(builder, address):
    return builder.load(builder.inttoptr(address, _ROW.as_pointer()), align=4)


def _save(builder, value, address):
    builder.store(value, builder.inttoptr(address, _ROW.as_pointer()), align=4)


def _splat(builder, value, vector):
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(one, one, ir.Constant(_INDEX, [0] * LANES))


def _between(builder, address, share):
    """Linear interpolation between the table row at `address` and the next one."""
    low = _load(builder, address)
    high = _load(builder, builder.add(address, ir.Constant(address.type, ROW_BYTES)))
    return builder.fadd(low, builder.fmul(_splat(builder, share, _ROW), builder.fsub(high, low)))


def _number(builder, address, kind):
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=4)


def _select(builder, relation, a, b):
    return builder.select(builder.fcmp_ordered(relation, a, b), a, b)


@intrinsic
def borrowed(typing, array):
    """The same array, its owners no longer counted: counting takes longer than a test of a box.

    Whoever called the kernel keeps the array alive.
    """

    def generate(context, builder, signature, args):
        view = context.make_array(array)(context, builder, value=args[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        return view._getvalue()

    return array(array), generate


@intrinsic
def add_loss(typing, sums, table, share):
    """sums += interpolated table row."""

    def generate(context, builder, signature, args):
        _save(builder, builder.fadd(_load(builder, args[0]), _between(builder, *args[1:])), args[0])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float32), generate


def _each(builder, value):
    """One float64 for each of eight rays."""
    one = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(one, one, ir.Constant(_COUNTS, [0] * AHEAD))


def _rows(builder, rows, count):
    """So many rows of eight float64 that follow each other at an address."""
    for number in range(count):
        at = builder.add(rows, ir.Constant(rows.type, 8 * AHEAD * number))
        yield builder.load(builder.inttoptr(at, _DOUBLES.as_pointer()), align=8)


def _bits(builder, relation, one, other, kind):
    """A bit for each of eight rays."""
    return builder.zext(builder.bitcast(builder.fcmp_ordered(relation, one, other), ir.IntType(AHEAD)), kind)


def _signs(builder, rows, weights, less=None):
    """Bits of ``sum(weight * row) - less >= 0`` for eight rays, and eight bits on those of ``<= 0``."""
    total = None
    for weight, row in zip(weights, _rows(builder, rows, len(weights)), strict=True):
        term = builder.fmul(_each(builder, weight), row)
        total = term if total is None else builder.fadd(total, term)
    if less is not None:
        total = builder.fsub(total, _each(builder, less))
    nothing = ir.Constant(_DOUBLES, [0.0] * AHEAD)
    above, below = (_bits(builder, relation, total, nothing, rows.type) for relation in (">=", "<="))
    return builder.or_(above, builder.shl(below, ir.Constant(rows.type, AHEAD)))


@intrinsic
def plane_signs(typing, rows, nx, ny, nz, offset):
    """On which side of a plane eight points lie, whose coordinates are the three rows at an address: see `_signs`."""

    def generate(context, builder, signature, args):
        return _signs(builder, args[0], args[1:4], args[4])

    return types.intp(types.intp, *[types.float64] * 4), generate


@intrinsic
def line_signs(typing, rows, ax, ay, az, bx, by, bz):
    """On which side of a line eight rays pass, whose moments and directions are six rows at an address."""

    def generate(context, builder, signature, args):
        return _signs(builder, args[0], args[1:])

    return types.intp(types.intp, *[types.float64] * 6), generate


@intrinsic
def box_meets(typing, starts, inverses, box):
    """Bits of eight rays that meet a box: their starts and inverse directions, and its corners, are at addresses."""

    def generate(context, builder, signature, args):
        starts, inverses, box = args
        corner = [
            _each(builder, _number(builder, builder.add(box, ir.Constant(box.type, 8 * k)), _DOUBLE))
            for k in range(6)
        ]
        enter, leave = (ir.Constant(_DOUBLES, [share] * AHEAD) for share in (0.0, 1.0))
        pairs = zip(_rows(builder, starts, 3), _rows(builder, inverses, 3), strict=True)
        for axis, (start, inverse) in enumerate(pairs):
            ends = [builder.fmul(builder.fsub(corner[axis + k], start), inverse) for k in (0, 3)]
            enter = _select(builder, ">", _select(builder, "<", *ends), enter)
            leave = _select(builder, "<", _select(builder, ">", *ends), leave)
        return _bits(builder, "<=", enter, leave, starts.type)

    return types.intp(types.intp, types.intp, types.intp), generate


@intrinsic
def look_up(typing, where, share, start, step, i, inverse, low_end, last):
    """Table rows of `AHEAD` receivers from i on: byte offset (int32) of the row below each cosine, and the share of
    the next (float32). The cosine in rows is |start + step*i| times the float32 at `inverse`, less `low_end`."""

    def generate(context, builder, signature, args):
        where, share, start, step, i, inverse, low_end, last = args

        def at(address, kind):
            return builder.inttoptr(address, kind.as_pointer())

        first = _each(builder, builder.sitofp(i, _DOUBLE))
        number = builder.fadd(first, ir.Constant(_DOUBLES, [float(k) for k in range(AHEAD)]))
        along = builder.fadd(_each(builder, start), builder.fmul(_each(builder, step), number))
        kind = ir.FunctionType(_DOUBLES, [_DOUBLES])
        absolute = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fabs.v{AHEAD}f64")
        near = builder.fpext(builder.load(at(inverse, ir.VectorType(_FLOAT, AHEAD)), align=4), _DOUBLES)
        node = builder.fsub(builder.fmul(builder.call(absolute, [along]), near), _each(builder, low_end))
        node = _select(builder, ">", node, ir.Constant(_DOUBLES, [0.0] * AHEAD))
        most = builder.trunc(last, _INT)
        most = builder.insert_element(ir.Constant(_COUNTS, ir.Undefined), most, ir.Constant(_INT, 0))
        most = builder.shuffle_vector(most, most, ir.Constant(_COUNTS, [0] * AHEAD))
        row = builder.fptosi(node, _COUNTS)
        row = builder.select(builder.icmp_signed("<", row, most), row, most)
        beyond = builder.fsub(node, builder.sitofp(row, _DOUBLES))
        builder.store(
            builder.fptrunc(beyond, ir.VectorType(_FLOAT, AHEAD)), at(share, ir.VectorType(_FLOAT, AHEAD)), align=4
        )
        offset = builder.mul(row, ir.Constant(_COUNTS, [ROW_BYTES] * AHEAD))
        builder.store(offset, at(where, _COUNTS), align=4)
        return context.get_dummy_value()

    kind = types.void(
        types.intp, types.intp, types.float64, types.float64, types.intp, types.intp, types.float64, types.intp
    )
    return kind, generate


@intrinsic
def add_looked_up(typing, sums, table, where, share):
    """sums += interpolated table row; the row's offset and the share as `look_up` left them."""

    def generate(context, builder, signature, args):
        sums, table, where, share = args
        row = builder.add(table, builder.sext(_number(builder, where, _INT), table.type))
        loss = _between(builder, row, _number(builder, share, _FLOAT))
        _save(builder, builder.fadd(_load(builder, sums), loss), sums)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp), generate


def _add_slab(builder, sums, dearest, seen, loss):
    _save(builder, builder.fadd(_load(builder, sums), loss), sums)
    before = builder.icmp_signed(">", _splat(builder, seen, _INDEX), ir.Constant(_INDEX, [0] * LANES))
    most = _select(builder, ">", loss, _load(builder, dearest))
    _save(builder, builder.select(before, most, loss), dearest)


@intrinsic
def add_slab_loss(typing, sums, dearest, seen, table, share):
    """sums += interpolated table row; dearest = its maximum with that row, or that row if none was seen."""

    def generate(context, builder, signature, args):
        sums, dearest, seen, table, share = args
        _add_slab(builder, sums, dearest, seen, _between(builder, table, share))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.int32, types.intp, types.float32), generate


@intrinsic
def add_slab_looked_up(typing, sums, dearest, seen, table, where, share):
    """As `add_slab_loss`, from what `look_up` left; `seen` is the address of the number seen, and is counted up."""

    def generate(context, builder, signature, args):
        sums, dearest, seen, table, where, share = args
        row = builder.add(table, builder.sext(_number(builder, where, _INT), table.type))
        before = _number(builder, seen, _INT)
        _add_slab(builder, sums, dearest, before, _between(builder, row, _number(builder, share, _FLOAT)))
        after = builder.add(before, ir.Constant(_INT, 1))
        builder.store(after, builder.inttoptr(seen, _INT.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 6), generate


@intrinsic
def cap(typing, sums, dearest, ceiling):
    """sums = min(sums, max(dearest, ceiling))."""

    def generate(context, builder, signature, args):
        most = _select(builder, ">", _load(builder, args[1]), _splat(builder, args[2], _ROW))
        _save(builder, _select(builder, "<", _load(builder, args[0]), most), args[0])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float32), generate


@intrinsic
def write(typing, out, sums, lane_db, spread_db, lanes):
    """out[:lanes] = sums + lane_db + spread_db, no byte beyond."""

    def generate(context, builder, signature, args):
        out, sums, lane_db, spread_db, lanes = args
        offset = builder.fadd(_load(builder, lane_db), _splat(builder, spread_db, _ROW))
        value = builder.fadd(_load(builder, sums), offset)
        count = _splat(builder, builder.trunc(lanes, _INT), _INDEX)
        mask = builder.icmp_signed("<", ir.Constant(_INDEX, list(range(LANES))), count)
        pointer = builder.inttoptr(out, _ROW.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_ROW, pointer.type, _INT, mask.type])
        store = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.store.v16f32.p0")
        builder.call(store, [value, pointer, ir.Constant(_INT, 4), mask])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.float32, types.intp), generate
