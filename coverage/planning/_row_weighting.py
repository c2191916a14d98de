"""Local search for set covering, compiled: rows that stay uncovered weigh more and more."""
# mypy: ignore-errors

from quietwing.coverage.compiling import HELPER, KERNEL, njit
from quietwing.coverage.planning._random import pick


@njit(**HELPER)
def _flip(c, cover, now):
    """Take a column in or out; scores of the columns that share its rows follow.

    The score of a column is the weight of what it covers alone, or would cover anew.
    """
    joins = not now.on[c]
    now.on[c] = joins
    now.total[0] += cover.cost[c] if joins else -cover.cost[c]
    if joins:
        now.place[c] = now.size[0]
        now.chosen[now.size[0]] = c
        now.size[0] += 1
    else:
        now.size[0] -= 1
        last = now.chosen[now.size[0]]
        now.chosen[now.place[c]] = last
        now.place[last] = now.place[c]
    for e in range(cover.row_start[c], cover.row_start[c + 1]):
        r = cover.row[e]
        before = now.times[r]
        after = before + 1 if joins else before - 1
        now.times[r] = after
        first, second = cover.column_start[r], cover.column_start[r + 1]
        w = now.weight[r]
        if before == 0:  # nobody else would cover it anew
            now.open_place[now.open[now.open_count[0] - 1]] = now.open_place[r]
            now.open[now.open_place[r]] = now.open[now.open_count[0] - 1]
            now.open_count[0] -= 1
            for k in range(first, second):
                now.score[cover.column[k]] -= w
            now.score[c] += w
        elif after == 0:
            now.open[now.open_count[0]] = r
            now.open_place[r] = now.open_count[0]
            now.open_count[0] += 1
            for k in range(first, second):
                now.score[cover.column[k]] += w
            now.score[c] -= w
        elif before == 1:  # the one that covered it alone does so no more
            for k in range(first, second):
                if now.on[cover.column[k]] and cover.column[k] != c:
                    now.score[cover.column[k]] -= w
                    break
        elif after == 1:
            for k in range(first, second):
                if now.on[cover.column[k]]:
                    now.score[cover.column[k]] += w
                    break
        if not cover.dense:
            for k in range(first, second):
                now.may[cover.column[k]] = True
    if cover.dense:  # nearly every column shares a row with it
        now.may[:] = True
    # Covered by it alone: counts whether it is in or out, so an own score is set anew.
    own = 0
    for e in range(cover.row_start[c], cover.row_start[c + 1]):
        if now.times[cover.row[e]] == (1 if joins else 0):
            own += now.weight[cover.row[e]]
    now.score[c] = own


@njit(**HELPER)
def _worst(cover, now, tabu):
    """Of the chosen, the column that loses least for its cost; the one longest there if alike."""
    best = -1
    for k in range(now.size[0]):
        c = now.chosen[k]
        if c == tabu:
            continue
        if best < 0:
            best = c
            continue
        one, other = now.score[c] * cover.cost[best], now.score[best] * cover.cost[c]
        if one < other or (one == other and now.stamp[c] < now.stamp[best]):
            best = c
    return best


@njit(**KERNEL)
def search_steps(cover, now, best, best_total, steps, random):
    """So many steps of the search; the best choice is kept in `best`.

    A step takes two columns out and covers what is open, one row by chance after the other, while that stays
    cheaper than the best. A column that was taken out stays out until a neighbour has changed.
    """
    tabu = -1
    for _ in range(steps):
        while now.open_count[0] == 0:
            if now.total[0] < best_total[0]:
                best_total[0] = now.total[0]
                best[:] = now.on
            c = _worst(cover, now, -1)
            if c < 0:
                return
            _flip(c, cover, now)
            now.may[c] = False
            now.stamp[c] = now.turn[0]
        c = _worst(cover, now, tabu)
        if c >= 0:
            _flip(c, cover, now)
            now.may[c] = False
            now.stamp[c] = now.turn[0]
        tabu = -1
        while now.open_count[0] > 0:
            r = now.open[pick(random, now.open_count[0])]
            c = -1
            for k in range(cover.column_start[r], cover.column_start[r + 1]):
                o = cover.column[k]
                if not now.may[o]:
                    continue
                if c < 0:
                    c = o
                    continue
                one, other = now.score[o] * cover.cost[c], now.score[c] * cover.cost[o]
                if one > other or (one == other and now.stamp[o] < now.stamp[c]):
                    c = o
            if c < 0 or now.total[0] + cover.cost[c] >= best_total[0]:
                break
            _flip(c, cover, now)
            now.stamp[c] = now.turn[0]
            tabu = c
            for k in range(now.open_count[0]):
                u = now.open[k]
                now.weight[u] += 1
                for j in range(cover.column_start[u], cover.column_start[u + 1]):
                    now.score[cover.column[j]] += 1
        now.turn[0] += 1
