"""Linear Gaussian estimation: what readings with correlated errors say of parameters that have a prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

__all__ = ["Block", "Posterior", "Prior", "Told", "posterior", "told_by", "unlikelihood"]

Array = NDArray[np.float64]

MOST_TURNS = 20  # of holding and letting go; a dozen bounds need a few
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Readings whose errors are correlated with each other and with no other block's.

    Attributes
    ----------
    design : ndarray, shape (reading, parameter)
        Change of each predicted level by one unit of each parameter.
    residual_db : ndarray, shape (reading,)
        Measured − predicted with every parameter at 0. [dB]
    error_db2 : ndarray, shape (reading, reading)
        Covariance of the errors, positive definite. [dB²]
    """

    design: Array
    residual_db: Array
    error_db2: Array

    def only(self, kept: NDArray[np.bool_]) -> Block:
        """Some of the readings."""
        return Block(self.design[kept], self.residual_db[kept], self.error_db2[np.ix_(kept, kept)])


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known of the parameters before.

    Attributes
    ----------
    mean : ndarray, shape (parameter,)
    covariance : ndarray, shape (parameter, parameter)
        Positive definite.
    lowest : ndarray, shape (parameter,)
        No parameter is below it; −inf where there is no bound.
    """

    mean: Array
    covariance: Array
    lowest: Array


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is known of the parameters after.

    Attributes
    ----------
    mean : ndarray, shape (parameter,)
        The likeliest values within the bounds.
    covariance : ndarray, shape (parameter, parameter)
        As without bounds, which is the wider one.
    """

    mean: Array
    covariance: Array

    @property
    def sigma(self) -> Array:
        """Standard deviation of each parameter."""
        return np.sqrt(np.diag(self.covariance))


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What readings say of the parameters, summed over their blocks.

    Attributes
    ----------
    precision : ndarray, shape (parameter, parameter)
        Σ Hᵀ C⁻¹ H.
    pull : ndarray, shape (parameter,)
        Σ Hᵀ C⁻¹ r.
    """

    precision: Array
    pull: Array

    def without(self, other: Told) -> Told:
        """What is left when some of the blocks are taken out again."""
        return Told(self.precision - other.precision, self.pull - other.pull)


def told_by(blocks: Sequence[Block], parameters: int) -> Told:
    """What blocks of readings say of so many parameters.

    Parameters
    ----------
    blocks : sequence of Block
    parameters : int

    Returns
    -------
    Told
    """
    precision, pull = np.zeros((parameters, parameters)), np.zeros(parameters)
    for block in blocks:
        if not len(block.residual_db):
            continue
        columns = np.flatnonzero((block.design != 0).any(axis=0))  # few of many
        both = np.column_stack([block.design[:, columns], block.residual_db])
        white = solve_triangular(np.linalg.cholesky(block.error_db2), both, lower=True, check_finite=False)
        rows, rest = white[:, :-1], white[:, -1]
        precision[np.ix_(columns, columns)] += rows.T @ rows
        pull[columns] += rows.T @ rest
    return Told(precision, pull)


def posterior(prior: Prior, readings: Sequence[Block] | Told) -> Posterior:
    """The likeliest parameters and what doubt is left of them.

    Minimises Σ (r − Hθ)ᵀ C⁻¹ (r − Hθ) + (θ − μ)ᵀ P⁻¹ (θ − μ). Without bounds that is closed form,
    θ = μ + Q⁻¹ Σ Hᵀ C⁻¹ (r − Hμ) with Q = P⁻¹ + Σ Hᵀ C⁻¹ H; where it breaks a bound, the least within the bounds is
    found by holding parameters at theirs.

    Parameters
    ----------
    prior : Prior
    readings : sequence of Block, or Told
        None at all gives the prior.

    Returns
    -------
    Posterior

    References
    ----------
    Tarantola, A., Inverse Problem Theory and Methods for Model Parameter Estimation, SIAM 2005, section 3.2.
    """
    told = readings if isinstance(readings, Told) else told_by(readings, len(prior.mean))
    touched = np.diag(told.precision) > 0
    touched |= (prior.covariance[:, touched] != 0).any(axis=1)  # what hangs together with one that is read
    mean, covariance = prior.mean.astype(float), prior.covariance.astype(float)
    if touched.any():
        part = np.ix_(touched, touched)
        mean[touched], covariance[part] = _solved(
            Prior(prior.mean[touched], prior.covariance[part], prior.lowest[touched]),
            Told(told.precision[part], told.pull[touched]),
        )
    return Posterior(mean, covariance)


def unlikelihood(prior: Prior, readings: Sequence[Block], values: Array) -> float:
    """What the likeliest parameters make least: Σ rᵀ C⁻¹ r + (θ − μ)ᵀ P⁻¹ (θ − μ).

    Parameters
    ----------
    prior : Prior
    readings : sequence of Block
        Their residuals with the parameters in force; their design is not asked for.
    values : ndarray, shape (parameter,)
        The parameters θ.

    Returns
    -------
    float
        Minus twice the logarithm of the posterior density, but for a constant.
    """
    away = values - prior.mean
    total = float(away @ cho_solve(cho_factor(prior.covariance), away))
    for block in readings:
        total += float(block.residual_db @ cho_solve(cho_factor(block.error_db2), block.residual_db))
    return total


def _solved(prior: Prior, told: Told) -> tuple[Array, Array]:
    """Mean and covariance of the parameters that readings touch."""
    precision = _inverse(prior.covariance) + told.precision
    pull = told.pull - told.precision @ prior.mean
    covariance = _inverse(precision)
    step = covariance @ pull
    lowest = prior.lowest - prior.mean
    if (step < lowest).any():
        step = _within(precision, pull, lowest)
    return prior.mean + step, covariance


def _inverse(matrix: Array) -> Array:
    """Of a positive definite matrix, symmetric to the last bit."""
    found = cho_solve(cho_factor(matrix), np.eye(len(matrix)))
    return np.asarray((found + found.T) / 2)


def _within(precision: Array, pull: Array, lowest: Array) -> Array:
    """The least of xᵀQx/2 − xᵀp with no x below `lowest`: parameters at their bound are held there, the rest solved.

    A parameter that would rise again is let go; with few bounds of many parameters this ends after a few turns.
    """
    held, step = np.zeros(len(pull), np.bool_), np.zeros(len(pull))
    for _ in range(MOST_TURNS):
        free = ~held
        step = np.where(held, lowest, 0.0)
        rest = pull[free] - precision[np.ix_(free, held)] @ lowest[held]
        step[free] = cho_solve(cho_factor(precision[np.ix_(free, free)]), rest)
        below = free & (step < lowest - ROUNDING)
        rising = held & (pull - precision @ step > ROUNDING * (1 + np.abs(pull)))
        if not below.any() and not rising.any():
            break
        held = (held | below) & ~(rising if not below.any() else np.zeros_like(rising))
    return np.maximum(step, lowest)
