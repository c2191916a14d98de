"""A selection of candidates in the annealing, compiled: what it weighs, and one candidate put up or taken down.

Who calls these is compiled again when its own file changes, not when this one does: change both, or clear the cache.
"""
# mypy: ignore-errors

import numpy as np

from quietwing.coverage.compiling import HELPER, OPEN_HELPER, njit

__all__ = [
    "NONE",
    "UNTREATED",
    "below",
    "change",
    "holds",
    "set_mode",
    "too_dear",
    "too_much",
    "total",
    "totals",
    "within",
]

# A number written out is a type of its own to numba: what is called with it would be compiled again.
NONE, UNTREATED = np.int64(-1), np.int64(0)
PARTLY = 0.25  # credit for an unprotected room whose rows nearly all hold


@njit(**HELPER)
def holds(den, jam, best):
    return den >= 1 - 1e-9 or (best > 0 and jam <= best)


@njit(**HELPER, forceinline=True)
def _put(c, sign, m, s):
    """Put a candidate up (1) or take it down (-1)."""
    for at in range(m.start[c], m.start[c + 1]):
        row = m.row[at]
        before = holds(s.den[row], s.jam[row], s.best[row])
        s.den[row] += sign * m.share[at]
        s.jam[row] += sign * m.jam[at]
        serve = m.serve[at]
        if serve > 0:
            if sign > 0:
                s.best[row] = max(s.best[row], serve)
            elif serve >= s.best[row]:
                most = 0.0
                for k in range(m.node_start[row], m.node_start[row + 1]):
                    other = m.node[k]
                    if other != c and s.on[other]:
                        most = max(most, m.node_serve[k])
                s.best[row] = most
        after = holds(s.den[row], s.jam[row], s.best[row])
        if before != after:
            s.missed[m.block[row]] += 1 if before else -1
    s.on[c] = sign > 0
    for o in range(m.limit.shape[1]):
        s.taken[o] += sign * m.limit[c, o]
    s.money[0] += sign * m.cost[c]
    if m.head_end[c] >= 0:
        s.nodes[m.head_end[c]] += sign


@njit(**HELPER)
def below(s):
    """Whether all limits hold."""
    for o in range(len(s.taken)):  # noqa: SIM110 - compiled
        if s.taken[o] > 1:
            return False
    return True


@njit(**HELPER, forceinline=True)
def too_much(wish, first, second, m, s):
    """Whether a limit would break with `wish` up and two others (-1: none) down, no room's mode apart."""
    for o in range(len(s.taken)):
        taken = s.taken[o] + m.limit[wish, o]
        if taken > 1:
            if first >= 0:
                taken -= m.limit[first, o]
            if second >= 0:
                taken -= m.limit[second, o]
            if taken > 1 + 1e-9:  # what is nearer is decided by what stands in the end
                return True
    return False


@njit(**HELPER, forceinline=True)
def too_dear(wish, first, second, m, s, budget):
    """Whether money is short with `wish` up and two others (-1: none) down, even if all their treatments go too."""
    money = s.money[0] + m.cost[wish]
    room = m.own_room[wish]
    if room >= 0:
        money += m.mode_cost[room, m.own_mode[wish]] - m.mode_cost[room, s.mode[room]]
    if first >= 0:
        money -= m.cost[first]
        if m.own_room[first] >= 0:
            money -= m.mode_cost[m.own_room[first], s.mode[m.own_room[first]]]
    if second >= 0:
        money -= m.cost[second]
        if m.own_room[second] >= 0:
            money -= m.mode_cost[m.own_room[second], s.mode[m.own_room[second]]]
    return money > budget


@njit(**HELPER, forceinline=True)
def _credit(room, m, s):
    """What a room counts for now."""
    block = room * m.modes + s.mode[room]
    if not m.possible[block]:
        return 0.0, 0.0
    if s.missed[block] == 0:
        return m.weight[room], m.weight[room]
    return 0.0, PARTLY * m.weight[room] * (1 - s.missed[block] / m.rows[block])


@njit(**HELPER)
def set_mode(room, mode, m, s):
    """Treat a room's windows or take the treatment away; what stands in it already stands in the new mode."""
    if s.mode[room] == mode:
        return
    for sign in range(-1, 2, 2):
        if sign > 0:
            s.money[0] += m.mode_cost[room, mode] - m.mode_cost[room, s.mode[room]]
            s.mode[room] = mode
        for k in range(m.fixed_start[room], m.fixed_start[room + 1]):
            c = m.fixed[k]
            if m.own_mode[c] == s.mode[room]:
                _put(c, sign, m, s)


@njit(**HELPER)
def totals(m, s):
    whole, partly = 0.0, 0.0
    for room in m.counted:
        w, p = _credit(room, m, s)
        whole += w
        partly += p
    return whole, partly


@njit(**OPEN_HELPER)
def total(m, s):
    """Weight of the rooms protected."""
    return totals(m, s)[0]


@njit(**HELPER)
def within(m, s, budget, room_for):
    """Whether budget and head-ends hold."""
    if s.money[0] > budget:
        return False
    for kind in range(len(s.nodes)):  # noqa: SIM110 - compiled
        if s.nodes[kind] > room_for[kind]:
            return False
    return True


@njit(**HELPER)
def change(position, c, m, s):
    """Have candidate `c` (-1: none) at a position; False if it cannot be or breaks a limit."""
    old = s.at[position]
    for step in range(4):  # old down, its room's mode, the new one's room's mode, new up
        up = step >= 2
        one = c if up else old
        if one < 0:
            continue
        room = m.own_room[one]
        if step == 0 or step == 3:
            s.at[position] = c if up else -1
            if room >= 0:
                s.inside[room] += 1 if up else -1
            _put(one, 1 if up else -1, m, s)
        elif room >= 0:
            if not up and (s.inside[room] > 0 or (c >= 0 and m.own_room[c] == room)):
                continue
            mode = m.own_mode[one] if up else UNTREATED
            if up and s.inside[room] > 0 and s.mode[room] != mode:
                return False
            set_mode(room, mode, m, s)
    if c >= 0:
        for k in range(m.near_start[position], m.near_start[position + 1]):
            if s.at[m.near[k]] >= 0:
                return False
    return below(s)
