"""Compiled loop of the annealing: one move at a time, scored by every row it touches.

Nothing depends on time or threads: the number of moves is counted and the random numbers are those of the seed.
Each of the larger functions is called from one place in the next, whence the loops over steps: a copy for every call
would take ten seconds to compile.
"""
# mypy: ignore-errors

import math

import numpy as np

from quietwing.coverage.compiling import HELPER, KERNEL, njit
from quietwing.coverage.planning._compiled import Compiled, Known, State, Terms, Top
from quietwing.coverage.planning._random import liking, next_random, pick
from quietwing.coverage.planning._selection_kernels import (
    NONE,
    UNTREATED,
    below,
    change,
    holds,
    set_mode,
    too_dear,
    too_much,
    totals,
    within,
)

MOST_DOWN = np.int64(8)  # devices taken down at a time
LEAST_UNTREATED = 0.1  # share of treated rooms that go back with them
BEGUN = 0.7  # credit for one that is all but protected while a plan is put together


@njit(**HELPER)
def _worth(reached, power):
    """What a room counts for while a plan is put together, by the mean of what its rows have reached."""
    return 1.0 if reached >= 1 - 1e-9 else BEGUN * reached**power


@njit(**HELPER, forceinline=True)
def _reached(m, s, rows_of):
    """What all rows of each block have reached together."""
    rows_of[:] = 0.0
    for row in range(len(s.den)):
        rows_of[m.block[row]] += 1.0 if holds(s.den[row], s.jam[row], s.best[row]) else s.den[row]


@njit(**HELPER, forceinline=True)
def _gain(c, power, m, s, have, more, touched):
    """What putting up a candidate adds to the worth of all rooms; its own room in its mode."""
    many, own, gain = 0, m.own_room[c], 0.0
    own_mode = s.mode[own] if own >= 0 else 0
    if own >= 0 and m.own_mode[c] != own_mode:  # the room is treated first
        own_mode = m.own_mode[c]
        for sign in range(-1, 2, 2):
            block = own * m.modes + (own_mode if sign > 0 else s.mode[own])
            if m.possible[block]:
                gain += sign * m.weight[own] * _worth(have[block] / m.rows[block], power)
    for k in range(m.start[c], m.start[c + 1]):
        row = m.row[k]
        block = m.block[row]
        room = block // m.modes
        mode = own_mode if room == own else s.mode[room]
        if block % m.modes != mode or m.weight[room] == 0 or not m.possible[block]:
            continue
        now = 1.0 if holds(s.den[row], s.jam[row], s.best[row]) else s.den[row]
        if now >= 1:
            continue
        if more[block] == 0:
            touched[many] = block
            many += 1
        more[block] += 1e-12 + (1.0 if m.serve[k] > 0 else min(1.0, now + m.share[k])) - now
    for k in range(many):
        block = touched[k]
        before = have[block] / m.rows[block]
        after = min(1.0, (have[block] + more[block]) / m.rows[block])
        gain += m.weight[block // m.modes] * (_worth(after, power) - _worth(before, power))
        more[block] = 0.0
    return gain


@njit(**HELPER, forceinline=True)
def _may(c, m, s, budget, room_for):
    """Whether a candidate may be put up beside all that stands."""
    position, own = m.position[c], m.own_room[c]
    if s.at[position] >= 0 or m.forbidden[c]:
        return False
    other = own >= 0 and s.mode[own] != m.own_mode[c]
    if other and (s.inside[own] > 0 or s.mode[own] > 0 or m.fixed_start[own] < m.fixed_start[own + 1]):
        return False
    if m.head_end[c] >= 0 and s.nodes[m.head_end[c]] >= room_for[m.head_end[c]]:
        return False
    for k in range(m.near_start[position], m.near_start[position + 1]):
        if s.at[m.near[k]] >= 0:
            return False
    return not (too_dear(c, NONE, NONE, m, s, budget) or too_much(c, NONE, NONE, m, s))


@njit(**HELPER)
def _note(room_only, c, turn, m, known):
    """Blocks that a candidate reaches, or those of a room, are no longer as they were when gains were worked out."""
    if c >= 0:
        for k in range(m.reach_start[c], m.reach_start[c + 1]):
            known.changed[m.reach[k]] = turn
    room = m.own_room[c] if c >= 0 else room_only
    if room >= 0:
        known.changed[room * m.modes : (room + 1) * m.modes] = turn


@njit(**KERNEL)
def construct(m: Compiled, s: State, known: Known, budget, room_for, power, noise, salt, target):
    """Put up what adds most for its money, treating rooms as needed, until nothing fits or the target is reached.

    `known` holds gains worked out before: one is worked out again when something changed in a
    block that its candidate reaches.
    """
    while target == math.inf or totals(m, s)[0] < target:
        _reached(m, s, known.have)
        best, best_c, best_room, best_mode = 0.0, NONE, NONE, UNTREATED
        for c in m.choice:
            cost, own, last = m.cost[c], m.own_room[c], 0
            if own >= 0:
                cost += m.mode_cost[own, m.own_mode[c]] - m.mode_cost[own, s.mode[own]]
                last = known.changed[own * m.modes]
            if s.money[0] + cost > budget or s.at[m.position[c]] >= 0:
                continue
            for k in range(m.reach_start[c], m.reach_start[c + 1]):
                last = max(last, known.changed[m.reach[k]])
            if known.looked[c] < last:
                known.gain[c] = _gain(c, power, m, s, known.have, known.more, known.touched)
                known.looked[c] = known.turn[0]
            each = known.gain[c] / max(cost, 1.0) * liking(c, noise, salt)
            if each > best * (1 + 1e-9) and _may(c, m, s, budget, room_for):
                best, best_c, best_room = each, c, NONE
        for room in m.treatable:
            if s.inside[room] > 0 or s.mode[room] > 0 or m.weight[room] == 0:
                continue
            if m.fixed_start[room] < m.fixed_start[room + 1]:
                continue
            before = 0.0
            if m.possible[room * m.modes]:
                before = _worth(known.have[room * m.modes] / m.rows[room * m.modes], power)
            for mode in range(1, m.modes):
                cost, block = m.mode_cost[room, mode], room * m.modes + mode
                if cost < 0 or s.money[0] + cost > budget or not m.possible[block]:
                    continue
                gain = m.weight[room] * (_worth(known.have[block] / m.rows[block], power) - before)
                each = gain / max(cost, 1.0) * liking(room, noise, salt)
                if each > best * (1 + 1e-9):
                    best, best_c, best_room, best_mode = each, NONE, room, mode
        known.turn[0] += 1
        if best_c >= 0:
            change(m.position[best_c], best_c, m, s)
        elif best_room >= 0:
            set_mode(best_room, best_mode, m, s)
        else:
            return
        _note(best_room, best_c, known.turn[0], m, known)


@njit(**HELPER)
def _value(whole, partly, money, target, pound):
    return min(whole, target) + (partly if whole < target else 0.0) - pound * money


@njit(**HELPER)
def _copy(into, values):
    """An array put into another at once takes a second to compile."""
    for at in range(len(values)):
        into[at] = values[at]


@njit(**HELPER)
def _become(s, other):
    """Make one state like another."""
    _copy(s.on, other.on)
    _copy(s.at, other.at)
    _copy(s.mode, other.mode)
    _copy(s.inside, other.inside)
    _copy(s.den, other.den)
    _copy(s.jam, other.jam)
    _copy(s.best, other.best)
    _copy(s.missed, other.missed)
    _copy(s.taken, other.taken)
    _copy(s.money, other.money)
    _copy(s.nodes, other.nodes)


@njit(**HELPER)
def _take_down(m, s, known, state):
    """Take down some devices that reach one room, and some that reach the same rooms as these, by chance."""
    most = 1 + pick(state, MOST_DOWN)
    for _ in range(3):
        room, begin = m.counted[pick(state, len(m.counted))], pick(state, len(m.free))
        for k in range(len(m.free)):
            position = m.free[(begin + k) % len(m.free)]
            c, near = s.at[position], False
            if c < 0 or most == 0:
                continue
            for at in range(m.reach_start[c], m.reach_start[c + 1]):
                near = near or m.reach[at] // m.modes == room
            if near:
                change(position, NONE, m, s)
                _note(NONE, c, known.turn[0], m, known)
                most -= 1
                if next_random(state) < 0.5:  # on to another room that it reached
                    room = m.reach[m.reach_start[c] + pick(state, m.reach_start[c + 1] - m.reach_start[c])] // m.modes
    for room in m.treatable:
        alone = s.inside[room] == 0 and m.fixed_start[room] == m.fixed_start[room + 1]
        if s.mode[room] > 0 and alone and next_random(state) < LEAST_UNTREATED:
            set_mode(room, UNTREATED, m, s)
            _note(room, NONE, known.turn[0], m, known)


@njit(**KERNEL)
def rebuild(m: Compiled, s: State, spare: State, known: Known, rounds, heat, terms: Terms, power, state, top: Top):
    """Take down a part of the plan and put together again what adds most, again and again; back where it is worse.

    A better plan is left in `top`; `terms` is what is asked of it.
    """
    budget, room_for, target, pound = terms
    best_at, best_mode, best = top
    if len(m.free) == 0 or len(m.counted) == 0:
        return
    whole, partly = totals(m, s)
    value = _value(whole, partly, s.money[0], target, pound)
    _become(spare, s)
    for _ in range(rounds):
        known.turn[0] += 1
        first = known.turn[0]
        _take_down(m, s, known, state)
        construct(m, s, known, budget, room_for, power, 0.4 * next_random(state), state[0], target)
        whole, partly = totals(m, s)
        new = _value(whole, partly, s.money[0], target, pound)
        if below(s) and (new >= value or next_random(state) < math.exp((new - value) / heat)):
            value = new
            now = _value(whole, 0.0, s.money[0], target, pound)
            if now > best[0] + 1e-12:
                best[0], best[1] = now, whole
                _copy(best_at, s.at)
                _copy(best_mode, s.mode)
            _become(spare, s)
        else:
            known.turn[0] += 1
            for block in range(len(known.changed)):
                if known.changed[block] >= first:
                    known.changed[block] = known.turn[0]
            _become(s, spare)


@njit(**KERNEL)
def anneal(m: Compiled, s: State, moves, hot, cold, terms: Terms, state, top: Top):
    """Search on from the plan `s` of the model `m`; a better one is left in `top`.

    `terms` is what is asked of a plan; `state` is that of the random numbers.
    """
    budget, room_for, target, pound = terms
    best_at, best_mode, best = top
    whole, partly = totals(m, s)
    value = _value(whole, partly, s.money[0], target, pound)
    now = _value(whole, 0.0, s.money[0], target, pound)
    if now > best[0] + 1e-12:
        best[0], best[1] = now, whole
        _copy(best_at, s.at)
        _copy(best_mode, s.mode)
    free = m.free
    if len(free) == 0:
        return
    on_mode = np.empty_like(s.mode)
    at, candidate = np.empty(3, np.int64), np.empty(3, np.int64)
    for move in range(moves):
        heat = hot * (cold / hot) ** (move / moves)
        kind = next_random(state)
        first, second = free[pick(state, len(free))], NONE
        wish, room_toggled, mode_toggled = NONE, NONE, UNTREATED
        before_first, before_second = s.at[first], NONE
        count = m.choice_start[first + 1] - m.choice_start[first]
        if kind < 0.08 and len(m.treatable):
            room_toggled = m.treatable[pick(state, len(m.treatable))]
            if s.inside[room_toggled] > 0:
                continue
            mode_toggled = pick(state, m.modes)
            if m.mode_cost[room_toggled, mode_toggled] < 0:
                continue
        else:
            if before_first < 0 or next_random(state) < 0.6:
                wish = m.choice[m.choice_start[first] + pick(state, count)]
            if wish == before_first:
                continue
            if wish >= 0 and m.forbidden[wish]:
                continue
            if kind > 0.55:  # another goes down for it
                second = free[pick(state, len(free))]
                for _ in range(8):
                    if second != first and s.at[second] >= 0:
                        break
                    second = free[pick(state, len(free))]
                if second == first or s.at[second] < 0:
                    second = NONE
                else:
                    before_second = s.at[second]
        if wish >= 0 and too_dear(wish, before_first, before_second, m, s, budget):
            continue
        if wish >= 0 and len(m.fixed) == 0 and too_much(wish, before_first, before_second, m, s):
            continue
        _copy(on_mode, s.mode)
        fine = True
        for turn in range(2):  # there, and back if it is worse
            steps = 0
            if turn == 0 and room_toggled < 0:
                if second >= 0:
                    at[steps], candidate[steps] = second, -1
                    steps += 1
                at[steps], candidate[steps] = first, wish
                steps += 1
            elif turn == 1 and room_toggled < 0:
                if s.at[first] >= 0:
                    at[steps], candidate[steps] = first, -1
                    steps += 1
                if before_first >= 0:
                    at[steps], candidate[steps] = first, before_first
                    steps += 1
                if second >= 0:
                    at[steps], candidate[steps] = second, before_second
                    steps += 1
            for step in range(steps):
                fine = change(at[step], candidate[step], m, s)
            for room in range(len(on_mode)):
                mode = on_mode[room]
                if turn == 0:
                    mode = mode_toggled if room == room_toggled else s.mode[room]
                if s.mode[room] != mode:
                    set_mode(room, mode, m, s)
            if turn == 1:
                break
            if room_toggled >= 0:
                fine = below(s)
            if fine and within(m, s, budget, room_for):
                new_whole, new_partly = totals(m, s)
                new = _value(new_whole, new_partly, s.money[0], target, pound)
                if new >= value or next_random(state) < math.exp((new - value) / heat):
                    value, whole = new, new_whole
                    now = _value(new_whole, 0.0, s.money[0], target, pound)
                    if now > best[0] + 1e-12:
                        best[0], best[1] = now, new_whole
                        _copy(best_at, s.at)
                        _copy(best_mode, s.mode)
                    break
