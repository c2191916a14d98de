"""Compiled comparison of rows, pair by pair until the first column that tells them apart."""
# mypy: ignore-errors

import numpy as np

from quietwing.coverage.compiling import KERNEL, njit


@njit(**KERNEL)
def hardest_rows(values, group, order):
    """Which rows no other of their group is below everywhere, shape (row,); of equals the first.

    `order` has the rows by what they sum to: numba takes a second to compile a sort.
    """
    count, width = values.shape
    kept = np.zeros(count, np.bool_)
    held = np.empty(count, np.int64)
    many = 0
    for row in order:
        implied = False
        for k in range(many):
            other = held[k]
            if group[other] != group[row]:
                continue
            below = True
            for column in range(width):
                if values[other, column] > values[row, column]:
                    below = False
                    break
            if below:
                implied = True
                break
        if not implied:
            kept[row] = True
            held[many] = row
            many += 1
    return kept


@njit(**KERNEL)
def weakest_rows(values, count):
    """Which few rows come nearest to the least of all rows in each column, shape (row,), found one by one."""
    rows, width = values.shape
    kept = np.zeros(rows, np.bool_)
    least = np.full(width, np.inf)
    for _ in range(min(count, rows)):
        best, best_sum = -1, np.inf
        for row in range(rows):
            if kept[row]:
                continue
            total = 0.0
            for column in range(width):
                total += min(least[column], values[row, column])
            if total < best_sum:
                best, best_sum = row, total
        kept[best] = True
        for column in range(width):
            least[column] = min(least[column], values[best, column])
    return kept
