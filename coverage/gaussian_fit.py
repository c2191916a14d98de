"""Linear Gaussian estimation: what readings with correlated errors say of parameters that have a prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

__all__ = ["Block", "Posterior", "Prior", "posterior"]

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


def posterior(prior: Prior, blocks: Sequence[Block]) -> Posterior:
    """The likeliest parameters and what doubt is left of them.

    Minimises Σ (r − Hθ)ᵀ C⁻¹ (r − Hθ) + (θ − μ)ᵀ P⁻¹ (θ − μ). Without bounds that is closed form,
    θ = μ + Q⁻¹ Σ Hᵀ C⁻¹ (r − Hμ) with Q = P⁻¹ + Σ Hᵀ C⁻¹ H; where it breaks a bound, the least within the bounds is
    found by holding parameters at theirs.

    Parameters
    ----------
    prior : Prior
    blocks : sequence of Block
        None at all gives the prior.

    Returns
    -------
    Posterior

    References
    ----------
    Tarantola, A., Inverse Problem Theory and Methods for Model Parameter Estimation, SIAM 2005, section 3.2.
    """
    blocks = [block for block in blocks if len(block.residual_db)]
    touched = np.zeros(len(prior.mean), np.bool_)
    for block in blocks:
        touched |= (block.design != 0).any(axis=0)
    touched |= (prior.covariance[:, touched] != 0).any(axis=1)  # what hangs together with one that is read
    mean, covariance = prior.mean.astype(float), prior.covariance.astype(float)
    if touched.any():
        part = np.ix_(touched, touched)
        mean[touched], covariance[part] = _solved(
            Prior(prior.mean[touched], prior.covariance[part], prior.lowest[touched]), touched, blocks
        )
    return Posterior(mean, covariance)


def _solved(prior: Prior, touched: NDArray[np.bool_], blocks: Sequence[Block]) -> tuple[Array, Array]:
    """Mean and covariance of the parameters that readings touch."""
    precision, pull = _inverse(prior.covariance), np.zeros(len(prior.mean))
    for block in blocks:
        lower, design = np.linalg.cholesky(block.error_db2), block.design[:, touched]
        rows = solve_triangular(lower, design, lower=True)
        rest = solve_triangular(lower, block.residual_db - design @ prior.mean, lower=True)
        precision += rows.T @ rows
        pull += rows.T @ rest
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
