"""Compiled loops of the wall-shadow multi-wall sum. `multiwall` checks and converts; nothing is checked here.

A quad seen from the transmitter is a pyramid. Cut with a regular patch of receivers ``p + i*du + j*dv`` it is
the intersection of five half-planes that are linear in (i, j), so the receivers behind the quad are one run
of i in each row j. Work is the number of crossings and no ray is ever traced (`raster`). Receivers that lie
on no patch are looked up one by one in a tree of boxes (`per_ray`).

Both decide by `crosses`. The raster only calls it where its own linear forms cannot be sure: where they are
nearer to zero than their rounding error can be.

No fast-math flag: order and rounding are those of the source, so numpy gives the same bits.
"""
# mypy: ignore-errors

import math

import numpy as np

from quietwing.coverage.compiling import ARRAY_HELPER, HELPER, KERNEL, njit
from quietwing.coverage.propagation._crossing_kernels import (
    TOGETHER,
    common_rows,
    crosses,
    half_planes,
    packet_crosses,
    packet_meets,
    row_range,
    set_ray,
)
from quietwing.coverage.propagation._groups import Ends, Into, Losses, Patches, Quads, Sums, Taken
from quietwing.coverage.propagation._lanes import (
    AHEAD,
    LANES,
    ROW_BYTES,
    add_looked_up,
    add_loss,
    add_slab_looked_up,
    add_slab_loss,
    borrowed,
    cap,
    look_up,
    write,
)
from quietwing.coverage.propagation.free_space import NEAREST_FREE_SPACE_M

RASTER_LEAF = 24  # quads tried together against one patch; fewer means more box tests
SHALLOW = 0.01  # half-planes whose edge is uncertain by more of a step than this are judged row by row
NEAREST_M = 1e-9  # keeps 1/distance finite; a receiver at the transmitter has no facet between
DB_PER_OCTAVE_OF_POWER = 10 * math.log10(2)
ZERO = np.int64(0)  # a literal 0 would be a type of its own, and what is called with it compiled twice


@njit(**HELPER)
def _add_run(i0, i1, row, start, step, low_end, last, table, into, slabs):
    """Add one quad's loss to receivers i0..i1-1 of a row; `table` is the address of its surface's rows."""
    first, n, where, share = row + i0, i1 - i0, into.where, into.share
    for k in range(0, n, AHEAD):
        look_up(where + 4 * k, share + 4 * k, start, step, i0 + k, into.inverse + 4 * (first + k), low_end, last)
    at = into.sums + first * ROW_BYTES
    if slabs:
        most, count = into.dearest + first * ROW_BYTES, into.slabs
        for k in range(n):
            add_slab_looked_up(
                at + k * ROW_BYTES, most + k * ROW_BYTES, count + 4 * (first + k), table, where + 4 * k, share + 4 * k
            )
    else:
        for k in range(n):
            add_looked_up(at + k * ROW_BYTES, table, where + 4 * k, share + 4 * k)


@njit(**ARRAY_HELPER)
def _cast_shadows(kind, slabs, o, p, patches, quads, losses, sums, ends):
    """Add the losses of slabs (kind 0) or walls (kind 1) to the receivers of patch p."""
    tile, grid, xyz, nodes = patches.tile_m[p], patches.grid[p], patches.xyz_m, quads.trees[kind]
    # Members are looked up here: in the loops each look-up would count references.
    facet, size, surface, active = quads.facet, quads.size, quads.surface, quads.active
    box, span, lookup, table = quads.box, quads.span, losses.lookup, losses.table
    lows, highs, unsure, half = ends.lows, ends.highs, ends.unsure, ends.half
    nx, ny, first, stride = grid[0], grid[1], grid[2], grid[3]
    si, sj = nx - 1.0, ny - 1.0
    least, most = o.copy(), o.copy()
    for axis in range(3):
        for corner in range(4):
            at = tile[axis] + (corner & 1) * si * tile[3 + axis] + (corner >> 1) * sj * tile[6 + axis]
            least[axis], most[axis] = min(least[axis], at), max(most[axis], at)
    reach = far = 0.0
    for axis in range(3):
        reach += max(abs(least[axis]), abs(most[axis]))
        far += abs(o[axis])
    table_at, last, into = table.ctypes.data, table.shape[1] - 2, _addresses(sums)
    node = nodes[0]
    while node < nodes[1]:
        if (
            box[node, 0] > most[0] or box[node, 3] < least[0] or box[node, 1] > most[1]
            or box[node, 4] < least[1] or box[node, 2] > most[2] or box[node, 5] < least[2]
        ):  # fmt: skip
            node = span[node, 2]
            continue
        if span[node, 1] > RASTER_LEAF:
            node += 1
            continue
        for w in range(span[node, 0], span[node, 0] + span[node, 1]):
            if not active[w]:
                continue
            so = half_planes(facet, size, w, o, tile, reach, far, si, sj, half)
            if math.isnan(so):
                continue
            j0, j1, margin, marked = ZERO, ny, 0.0, False
            for h in range(5):
                if abs(half[h, 0]) * SHALLOW <= half[h, 3] and j0 < j1:
                    sure = half[h, 3] + abs(half[h, 0]) * si
                    j0, j1, some = row_range(half[h, 1], half[h, 2], sure, j0, j1, unsure)
                    marked = marked or some
            n_lows = n_highs = ZERO + 1
            lows[0, 0], lows[0, 1] = -0.5, 0.0  # between receivers: never in doubt
            highs[0, 0], highs[0, 1] = nx - 0.5, 0.0
            for h in range(5):
                a = half[h, 0]
                if abs(a) * SHALLOW > half[h, 3]:
                    margin = max(margin, half[h, 3] / abs(a))
                    if a > 0:
                        lows[n_lows, 0], lows[n_lows, 1] = -half[h, 2] / a, -half[h, 1] / a
                        n_lows += 1
                    else:
                        highs[n_highs, 0], highs[n_highs, 1] = -half[h, 2] / a, -half[h, 1] / a
                        n_highs += 1
            j0, j1 = common_rows(lows, n_lows, highs, n_highs, margin, j0, j1)
            scale = lookup[0] / size[w, 0]
            sign = -scale if so >= 0 else scale
            step, start, slope = sign * half[0, 0], sign * half[0, 2] - scale * so, sign * half[0, 1]
            rows = table_at + surface[w] * (last + 2) * ROW_BYTES
            for j in range(j0, j1):
                low, high = lows[0, 0], highs[0, 0]
                for k in range(1, n_lows):
                    low = max(low, lows[k, 0] + lows[k, 1] * j)
                for k in range(1, n_highs):
                    high = min(high, highs[k, 0] + highs[k, 1] * j)
                if low - margin > high + margin:
                    continue
                i0, i1 = math.ceil(low - margin), math.ceil(high - margin)
                row, at = j * nx, start + slope * j
                if i0 <= low + margin or i1 <= high + margin or (marked and unsure[j]):
                    stop = min(math.floor(high + margin) + 1, nx)
                    sure0 = i0 + 1 if i0 <= low + margin else i0
                    sure1 = i0 if marked and unsure[j] else i1
                    for i in range(i0, stop):
                        if not sure0 <= i < sure1:
                            p = first + j * stride + i
                            if not crosses(facet, w, o[0], o[1], o[2], xyz[p, 0], xyz[p, 1], xyz[p, 2]):
                                continue
                        _add_run(i, i + 1, row, at, step, lookup[1], last, rows, into, slabs)
                else:
                    _add_run(i0, i1, row, at, step, lookup[1], last, rows, into, slabs)
            if marked:
                unsure[:] = False
        node = span[node, 2]


@njit(**HELPER)
def _cap_slabs(sums, dearest, count, ceiling):
    """Apply the saturating floor loss in place."""
    sums_at, dearest_at = sums.ctypes.data, dearest.ctypes.data
    for r in range(len(count)):
        if count[r] >= 2:
            cap(sums_at + r * ROW_BYTES, dearest_at + r * ROW_BYTES, ceiling[min(count[r], len(ceiling) - 1)])


@njit(**HELPER)
def _distances(o, tile, nx, ny, inverse, spread):
    """1/distance [1/m] and squared distance [m2] of the receivers of a patch."""
    for j in range(ny):
        for i in range(nx):
            x = tile[0] + i * tile[3] + j * tile[6] - o[0]
            y = tile[1] + i * tile[4] + j * tile[7] - o[1]
            z = tile[2] + i * tile[5] + j * tile[8] - o[2]
            d2 = x * x + y * y + z * z
            inverse[j * nx + i] = 1.0 / math.sqrt(max(d2, NEAREST_M**2))
            spread[j * nx + i] = max(d2, NEAREST_FREE_SPACE_M**2)


@njit(**HELPER)
def _in_db(spread, bits, octaves):
    """10 lg of numbers in place; `bits` are the same memory as int32, `octaves` is scratch of int32.

    The logarithm is 2 artanh((f-1)/(f+1)) to the 9th power over mantissas 0.70-1.41: within 1e-5 dB. Three loops,
    because one that writes to both views of the memory is not made of vector instructions.
    """
    for r in range(len(spread)):
        octaves[r] = (bits[r] - 0x3F3504F3) >> 23
    for r in range(len(spread)):
        bits[r] -= octaves[r] << 23
    for r in range(len(spread)):
        t = (spread[r] - np.float32(1)) / (spread[r] + np.float32(1))
        t2 = t * t
        series = np.float32(1) + t2 * (
            np.float32(1 / 3) + t2 * (np.float32(1 / 5) + t2 * (np.float32(1 / 7) + t2 * np.float32(1 / 9)))
        )
        power = np.float32(octaves[r]) + np.float32(2 / math.log(2)) * t * series
        spread[r] = np.float32(DB_PER_OCTAVE_OF_POWER) * power


@njit(**HELPER)
def _write_rows(sums, lane_db, spread, free_space, out, tx, grid, lane0, lanes):
    """Copy the first `lanes` sums of each receiver to the output."""
    sums_at, lane_at = sums.ctypes.data, lane_db.ctypes.data
    for j in range(grid[1]):
        row = out[tx, grid[2] + j * grid[3] :]
        out_at = row.ctypes.data + 4 * lane0
        for i in range(grid[0]):
            r = j * grid[0] + i
            added = spread[r] if free_space else np.float32(0)
            write(out_at + i * out.shape[2] * 4, sums_at + r * ROW_BYTES, lane_at, added, lanes)


@njit(**KERNEL)
def raster(tx, patches: Patches, quads: Quads, losses: Losses, out, lane0, lanes, begin, end):
    """Loss from transmitters to patches, shape of `out` (tx, point, lane): of all tasks those from begin to end - 1.

    Each transmitter x patch is one task with its own part of `out`, so the result does not depend on which
    thread takes it. Filled are `lanes` lanes of `out` from `lane0` on.
    """
    tile_m, tile_grid, ceiling = patches.tile_m, patches.grid, losses.ceiling
    biggest = rows = longest = ZERO
    for p in range(len(tile_grid)):
        biggest = max(biggest, tile_grid[p, 0] * tile_grid[p, 1])
        longest, rows = max(longest, tile_grid[p, 0]), max(rows, tile_grid[p, 1])
    capped = len(ceiling) > 0
    sums = _aligned(biggest)
    dearest = _aligned(biggest if capped else 1)
    count, inverse = np.empty(biggest, np.int32), np.zeros(biggest + AHEAD, np.float32)  # read a little too far
    spread = np.empty(biggest, np.float32)
    where, share = np.empty(longest + AHEAD, np.int32), np.empty(longest + AHEAD, np.float32)
    scratch = Sums(inverse, sums, dearest, count, where, share)
    ends = Ends(np.empty((6, 2)), np.empty((6, 2)), np.zeros(rows, np.bool_), np.empty((5, 4)))
    for task in range(begin, end):
        t, p = task // len(tile_grid), task % len(tile_grid)
        grid, o, tile = tile_grid[p], tx[t], tile_m[p]
        points = grid[0] * grid[1]
        sums[: points * LANES] = 0
        _distances(o, tile, grid[0], grid[1], inverse, spread)
        _in_db(spread[:points], spread.view(np.int32), count)
        if capped:
            count[:points] = 0
        for kind in range(2):
            _cast_shadows(kind, capped and kind == 0, o, p, patches, quads, losses, scratch, ends)
            if capped and kind == 0:
                _cap_slabs(sums, dearest, count[:points], ceiling)
        _write_rows(sums, losses.lane_db, spread, losses.free_space, out, t, grid, lane0, lanes)


@njit(**HELPER)
def _addresses(sums):
    """Where the arrays of `Sums` lie."""
    return Sums(
        sums.inverse.ctypes.data, sums.sums.ctypes.data, sums.dearest.ctypes.data, sums.slabs.ctypes.data,
        sums.where.ctypes.data, sums.share.ctypes.data,
    )  # fmt: skip


@njit(**ARRAY_HELPER)
def _aligned(rows):
    """Scratch of 16-lane rows that starts on a cache line."""
    raw = np.empty((rows + 1) * LANES, np.float32)
    skip = (-(raw.ctypes.data >> 2)) % LANES
    return raw[skip : skip + rows * LANES]


@njit(**HELPER)
def _trace(kind, slabs, packet, quads, losses, into, counted, ray):
    """Add the losses of slabs (kind 0) or walls (kind 1) to a packet of rays.

    `packet`: the rays, how many of them count, and of each 1/length and how many lossy ones it crosses. Sums and
    dearest slabs of the first ray and first block of lanes are at the addresses `into`, those of the next ray a row
    on, those of the next block `into.apart` bytes. `ray` is the place of the first in `counted`.
    """
    rays, count, inverse, crossed = packet
    sums_at, dearest_at, apart = into
    t, p = ray
    nodes = quads.trees[kind]
    # Members are looked up here: in the loops each look-up would count references.
    facet, size, surface, active, lossy = quads.facet, quads.size, quads.surface, quads.active, quads.lossy
    box, span, lookup, table = quads.box, quads.span, losses.lookup, losses.table
    blocks, nodes_of_cos = table.shape[0], table.shape[2]
    table_at, block_bytes = table.ctypes.data, table.shape[1] * nodes_of_cos * ROW_BYTES
    last, node, rays_at, box_at = nodes_of_cos - 2, nodes[0], rays.ctypes.data, box.ctypes.data
    scale, low_end = lookup[0], lookup[1]
    for i in range(TOGETHER):
        crossed[i] = 0
    while node < nodes[1]:
        if not packet_meets(box_at + 8 * box.shape[1] * node, rays_at):
            node = span[node, 2]
            continue
        if span[node, 2] == node + 1:
            for w in range(span[node, 0], span[node, 0] + span[node, 1]):
                if not active[w]:
                    continue
                hit, doubt = packet_crosses(facet, w, rays_at)
                if not hit:
                    continue
                nx, ny, nz, length, loses = facet[w, 0], facet[w, 1], facet[w, 2], size[w, 0], lossy[w]
                rows_at = table_at + surface[w] * nodes_of_cos * ROW_BYTES
                for i in range(count):
                    if not hit >> i & 1:
                        continue
                    ox, oy, oz, rx, ry, rz = rays[0, i], rays[1, i], rays[2, i], rays[3, i], rays[4, i], rays[5, i]
                    if doubt >> i & 1 and not crosses(facet, w, ox, oy, oz, rx, ry, rz):
                        continue
                    if len(counted):
                        counted[t, p + i, surface[w]] += 1
                    if not loses:
                        continue
                    along = nx * (rx - ox) + ny * (ry - oy) + nz * (rz - oz)
                    position = max(abs(along) * inverse[i] * scale / length - low_end, 0.0)
                    k = min(int(position), last)
                    row, share = rows_at + k * ROW_BYTES, np.float32(position - k)
                    crossed[i] += 1
                    for b in range(blocks):
                        at = i * ROW_BYTES + b * apart
                        if slabs:
                            add_slab_loss(
                                sums_at + at, dearest_at + at, np.int32(crossed[i] - 1), row + b * block_bytes, share
                            )
                        else:
                            add_loss(sums_at + at, row + b * block_bytes, share)
        node += 1


@njit(**KERNEL)
def per_ray(tx, xyz, quads: Quads, losses: Losses, taken: Taken, block, paired, begin, end):
    """Loss from transmitters to points, ray by ray, `block` points to a task: of all tasks from begin to end - 1.

    `paired`: one transmitter a point, and `taken.out` has one row of points. A ray is traced once for all lanes:
    `losses.table` is (block of lanes, surface, cosine, lane), `losses.lane_db` (block, lane).
    """
    tx, xyz = borrowed(tx), borrowed(xyz)
    out, bare, counted = borrowed(taken.out), taken.bare, borrowed(taken.counted)
    quads = Quads(
        borrowed(quads.facet), borrowed(quads.size), borrowed(quads.surface), borrowed(quads.active),
        borrowed(quads.lossy), borrowed(quads.box), borrowed(quads.span), borrowed(quads.trees),
    )  # fmt: skip
    lookup, lane_db, free_space = borrowed(losses.lookup), losses.lane_db, losses.free_space
    table, ceiling, nothing = borrowed(losses.table), borrowed(losses.ceiling), np.zeros(LANES, np.float32)
    losses = Losses(lookup, table, ceiling, lane_db, free_space)
    blocks = (len(xyz) + block - 1) // block
    capped = len(ceiling) > 0
    bands, apart = table.shape[0], block * ROW_BYTES
    sums, dearest = _aligned(bands * block), _aligned(bands * block)
    count, octaves = np.zeros(block, np.int32), np.zeros(block, np.int32)
    inverse, spread = np.empty(block, np.float32), np.empty(block, np.float32)
    rays, crossed = np.empty((15, TOGETHER)), np.empty(TOGETHER, np.int32)
    grid = np.zeros(4, np.int64)
    grid[1] = 1
    for task in range(begin, end):
        t, p0 = task // blocks, task % blocks * block
        grid[0], grid[2] = min(block, len(xyz) - p0), p0
        sums[:] = 0
        for first in range(0, grid[0], TOGETHER):
            many = min(TOGETHER, grid[0] - first)
            for k in range(TOGETHER):  # a packet that is not full repeats its last ray
                i = first + min(k, many - 1)
                o, r = tx[p0 + i if paired else t], xyz[p0 + i]
                set_ray(rays, k, o, r)
                x, y, z = r[0] - o[0], r[1] - o[1], r[2] - o[2]
                d2 = x * x + y * y + z * z
                inverse[i], spread[i] = 1.0 / math.sqrt(max(d2, NEAREST_M**2)), max(d2, NEAREST_FREE_SPACE_M**2)
            into = Into(sums.ctypes.data + first * ROW_BYTES, dearest.ctypes.data + first * ROW_BYTES, apart)
            packet = rays, many, inverse[first:], crossed
            for kind in range(2):
                slabs = capped and kind == 0
                _trace(kind, slabs, packet, quads, losses, into, counted, (t, p0 + first))
                for i in range(first, first + many) if slabs else range(0):
                    count[i] = crossed[i - first]
                    for b in range(bands):
                        row = slice((b * block + i) * LANES, (b * block + i + 1) * LANES)
                        _cap_slabs(sums[row], dearest[row], count[i : i + 1], ceiling)
        _in_db(spread[: grid[0]], spread.view(np.int32), octaves)
        for b in range(bands):
            some, lanes = sums[b * block * LANES : (b + 1) * block * LANES], min(LANES, out.shape[2] - b * LANES)
            _write_rows(some, lane_db[b], spread, free_space, out, t, grid, b * LANES, lanes)
            if len(bare):
                _write_rows(some, nothing, spread, np.bool_(False), bare, t, grid, b * LANES, lanes)
