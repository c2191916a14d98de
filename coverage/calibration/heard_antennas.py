"""Which antenna the readings of a channel are of, where several of its antennas may be the strongest.

A reading names its channel, not its sector. With a doubt of 8 dB in each mast the one that is predicted strongest is
often not the one that was heard. The others then lie below what was read: both facts are weighed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from quietwing.coverage.blocking import LinkModel
from quietwing.coverage.calibration.survey_rows import Parameters, Rows, blocks_of
from quietwing.coverage.gaussian_fit import Posterior, Prior, posterior
from quietwing.coverage.rules import Errors

__all__ = ["SURE", "heard_antennas"]

SURE = 0.9  # probability from which readings count for an antenna; assumed


def heard_antennas(
    model: LinkModel, parameters: Parameters, prior: Prior, rows: Rows, errors: Errors
) -> dict[str, int]:
    """The antenna each channel's readings are of; −1 where none is sure.

    With the shifts θ of the antennas of a channel normal as the readings of all other channels leave them, and r what
    the readings differ by for each, the chance that they are of antenna a is in proportion to
    p(θ_a = r_a) · Π P(θ_b ≤ r_b) over the others b.

    Parameters
    ----------
    model : LinkModel
    parameters : Parameters
    prior : Prior
    rows : Rows
        Every reading, whichever antenna it is taken for.
    errors : Errors

    Returns
    -------
    dict of str to int
        Channels of one antenna are left out.
    """
    of_channel: dict[str, list[int]] = defaultdict(list)
    for antenna, members in enumerate(parameters.antennas):
        of_channel[model.sectors[members[0]].channel].append(antenna)
    several = {name: of_channel[name] for name in sorted(set(rows.channel)) if len(of_channel[name]) > 1}
    if not several:
        return {}
    alone = np.array([name not in several for name in rows.channel], bool)
    start = posterior(prior, blocks_of(rows, errors, alone))
    sure = dict.fromkeys(several, -1)
    for operator in sorted({name.split("/")[0] for name in several}):
        mine = [name for name in several if name.split("/")[0] == operator]
        sure |= _of_operator(model, parameters, start, rows, errors, {name: several[name] for name in mine})
    told, channel = _taken_for(parameters, rows, sure), np.array(rows.channel, object)
    kept = np.array([sure.get(one, 0) >= 0 for one in rows.channel], bool)
    found = dict(sure)
    for name, antenna in sure.items():
        if antenna >= 0:
            rivals, mine_rows = np.array(several[name]), channel == name
            known = posterior(prior, blocks_of(told, errors, kept & ~mine_rows))
            at = parameters.first_antenna + rivals
            weight = _weights(
                rows.rival_db[mine_rows][:, rivals].mean(axis=0), known.mean[at], known.sigma[at], errors
            )
            if weight[rivals.tolist().index(antenna)] < SURE:
                found[name] = -1
    return found


def _of_operator(
    model: LinkModel,
    parameters: Parameters,
    start: Posterior,
    rows: Rows,
    errors: Errors,
    several: dict[str, list[int]],
) -> dict[str, int]:
    """The antenna of each channel of an operator if all of them are heard from one place; −1 where none is sure.

    What shadows one carrier of a mast shadows the others, so the channels are told together.
    """
    masts: dict[int, dict[str, int]] = defaultdict(dict)
    for name, antennas in several.items():
        for antenna in antennas:
            masts[int(model.source_key[parameters.antennas[antenna][0]])].setdefault(name, antenna)
    channel = np.array(rows.channel, object)
    differs_db, mean_db, sigma_db = [], [], []
    for of_mast in masts.values():
        at = parameters.first_antenna + np.array(list(of_mast.values()))
        differs_db.append(np.mean([rows.rival_db[channel == name, one].mean() for name, one in of_mast.items()]))
        mean_db.append(start.mean[at].mean())
        sigma_db.append(np.sqrt(start.covariance[np.ix_(at, at)].mean()))
    weight = _weights(np.array(differs_db), np.array(mean_db), np.array(sigma_db), errors)
    best = list(masts.values())[int(weight.argmax())]
    if weight.max() < SURE:
        return dict.fromkeys(several, -1)
    return {name: best.get(name, -1) for name in several}


def _weights(
    differs_db: NDArray[np.float64], mean_db: NDArray[np.float64], sigma_db: NDArray[np.float64], errors: Errors
) -> NDArray[np.float64]:
    """Chance of each rival to be the one that was heard."""
    spread_db = np.hypot(sigma_db, errors.local_db)
    z = (differs_db - mean_db) / spread_db
    below = norm.logcdf(z)
    log_weight = norm.logpdf(z) - np.log(spread_db) + below.sum() - below
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def _taken_for(parameters: Parameters, rows: Rows, sure: dict[str, int]) -> Rows:
    """Rows with the antenna each channel was found to be of; walls stay those of the antenna they had."""
    antenna, residual, design = rows.antenna.copy(), rows.residual_db.copy(), rows.design.copy()
    for row, name in enumerate(rows.channel):
        found = sure.get(name, -1)
        if found >= 0 and found != antenna[row]:
            design[row, parameters.first_antenna + antenna[row]] = 0.0
            design[row, parameters.first_antenna + found] = 1.0
            residual[row], antenna[row] = rows.rival_db[row, found], found
    return replace(rows, antenna=antenna, residual_db=residual, design=design)
