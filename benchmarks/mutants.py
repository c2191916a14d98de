"""Whether the tests see a wrong formula: hand-made mutants of the core, each of which must fail a test.

Run `python benchmarks/mutants.py [WORD]`; with a word only mutants whose name or file holds it. The tree is copied
into a temporary folder; there one mutant after the other takes the place of its original and the tests that should
see it run in a process of their own. Ends with 1 if a mutant survives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TREE = ("coverage", "sites", "src", "tests", "docs", "benchmarks", "app.py", "pyproject.toml", "README.md")
LIMIT_S = 240.0  # a mutant that hangs is seen too, but says so

PROPAGATION, BLOCKING = "coverage/propagation", "coverage/blocking"
T_PROPAGATION, T_BLOCKING = "tests/engine/propagation", "tests/engine/blocking"
CALLED = (
    "_crossing_kernels.py",
    "_link_kernels.py",
    "_selection_kernels.py",
    "_worlds.py",
)  # helpers of kernels in other files
GAPS = "tests/engine/test_mutant_gaps.py"
BUDGETS = f"{T_BLOCKING}/test_blocking_budgets.py"
NETWORKS = f"{T_BLOCKING}/test_networks.py"
CALIBRATION = f"{T_BLOCKING}/test_calibration.py"
ORDER = f"{T_BLOCKING}/test_order.py"
ERRORS = f"{T_BLOCKING}/test_errors_by_hand.py"
GRADES = f"{T_BLOCKING}/test_grades.py"
MAST = f"{T_PROPAGATION}/test_mast_gain.py"
OUTDOOR = f"{T_PROPAGATION}/test_outdoor.py"
ANTENNAS = f"{T_PROPAGATION}/test_antennas.py"
ENTRY = f"{T_PROPAGATION}/test_building_entry.py"
CONSTRUCTIONS = f"{T_PROPAGATION}/test_constructions.py"
PATH_GAIN = f"{T_PROPAGATION}/test_path_gain.py"


class Mutant(NamedTuple):
    """A wrong formula: where, what stands there exactly once, what instead, and who should see it."""

    name: str
    file: str
    original: str
    replacement: str
    tests: tuple[str, ...]


MUTANTS = (
    # Free space, edges, floors, ground
    Mutant(
        "free space: 10 lg for 20 lg",
        f"{PROPAGATION}/free_space.py",
        "20 * np.log10(distance_m)",
        "10 * np.log10(distance_m)",
        (f"{T_PROPAGATION}/test_free_space.py",),
    ),
    Mutant(
        "free space: kilohertz for megahertz",
        f"{PROPAGATION}/free_space.py",
        "HZ_PER_MHZ = 1e6",
        "HZ_PER_MHZ = 1e3",
        (f"{T_PROPAGATION}/test_free_space.py",),
    ),
    Mutant(
        "knife edge: sign of the shift",
        f"{PROPAGATION}/diffraction.py",
        "np.maximum(v, CLEAR_V) - 0.1",
        "np.maximum(v, CLEAR_V) + 0.1",
        (f"{T_PROPAGATION}/test_diffraction.py",),
    ),
    Mutant(
        "knife edge: the two ways subtracted",
        f"{PROPAGATION}/diffraction.py",
        "(1 / d1_m + 1 / d2_m)",
        "(1 / d1_m - 1 / d2_m)",
        (f"{T_PROPAGATION}/test_diffraction.py::test_an_edge_5_m_up_midway_over_200_m",),
    ),
    Mutant(
        "rays in plan: the side of a line as rounded",
        f"{PROPAGATION}/_outline_kernels.py",
        "abs(left - right) > SURE * terms",
        "abs(left - right) >= 0",
        (f"{T_PROPAGATION}/test_outline_rays.py::test_shares_are_those_of_whole_fractions",),
    ),
    Mutant(
        "rays in plan: holes joined to the ring before",
        f"{PROPAGATION}/_outline_kernels.py",
        "ring[k] != ring[k - 1]",
        "ring[k] < ring[k - 1]",
        (f"{T_PROPAGATION}/test_outline_rays.py::test_where_no_ring_is_met_there_is_no_share",),
    ),
    Mutant(
        "floors: exponent's saturation added",
        f"{PROPAGATION}/floors.py",
        "(n + 1) - SATURATION",
        "(n + 1) + SATURATION",
        (f"{OUTDOOR}::test_the_floor_curve_of_cost_231",),
    ),
    Mutant(
        "floors: cap from the third slab only",
        f"{PROPAGATION}/floors.py",
        "np.asarray(count) >= 2",
        "np.asarray(count) > 2",
        (f"{OUTDOOR}::test_one_slab_is_never_capped_and_many_are",),
    ),
    Mutant(
        "two-ray: 10 lg for 20 lg",
        f"{PROPAGATION}/outdoor.py",
        "20 * np.log10(np.maximum(np.asarray(distance_m",
        "10 * np.log10(np.maximum(np.asarray(distance_m",
        (f"{OUTDOOR}::test_past_the_break_point_ten_times_the_distance_costs_20_db_more",),
    ),
    Mutant(
        "two-ray: break point at 2·h1·h2/λ",
        f"{PROPAGATION}/outdoor.py",
        "break_m = 4 * product_m2",
        "break_m = 2 * product_m2",
        (f"{OUTDOOR}::test_past_the_break_point_ten_times_the_distance_costs_20_db_more",),
    ),
    Mutant(
        "path gain: second slope taken as a gain",
        f"{PROPAGATION}/path_gains.py",
        "loss_db[index, beyond] += extra_db",
        "loss_db[index, beyond] -= extra_db",
        (f"{PATH_GAIN}::test_beyond_the_mapped_geometry_the_second_slope_begins",),
    ),
    # TR 38.901
    Mutant(
        "UMa: height of the terminal costs instead of helping",
        f"{PROPAGATION}/outdoor.py",
        "20 * lg_f - 0.6 * (h_ut_m - 1.5)",
        "20 * lg_f + 0.6 * (h_ut_m - 1.5)",
        (f"{OUTDOOR}::test_a_storey_up_is_worth_0_6_db_a_metre_in_town",),
    ),
    Mutant(
        "38.901: the smaller loss without sight",
        f"{PROPAGATION}/outdoor.py",
        "np.where(clear, los_db, np.maximum(los_db, nlos_db))",
        "np.where(clear, los_db, np.minimum(los_db, nlos_db))",
        (f"{OUTDOOR}::test_losses_and_chances_of_sight_are_those_of_pycraf",),
    ),
    Mutant(
        "38.901: never above free space",
        f"{PROPAGATION}/outdoor.py",
        "free_db, np.maximum(loss_db, free_db))",
        "free_db, np.minimum(loss_db, free_db))",
        (f"{T_PROPAGATION}/test_traps.py",),
    ),
    Mutant(
        "38.901: sight gets likelier with distance",
        f"{PROPAGATION}/outdoor.py",
        "18 / far_m + np.exp(-far_m / reach_m)",
        "18 / far_m + np.exp(far_m / reach_m)",
        (f"{OUTDOOR}::test_losses_and_chances_of_sight_are_those_of_pycraf",),
    ),
    Mutant(
        "38.901: megahertz taken for gigahertz",
        f"{PROPAGATION}/outdoor.py",
        "        freq_mhz / MHZ_PER_GHZ,\n",
        "        freq_mhz,\n",
        (f"{OUTDOOR}::test_a_mast_of_another_height_is_computed_at_its_own",),
    ),
    # Slabs and constructions
    Mutant(
        "slab: power as 20 lg",
        f"{PROPAGATION}/slab.py",
        "10 * np.log10(np.clip(power, LEAST_POWER, 1.0))",
        "20 * np.log10(np.clip(power, LEAST_POWER, 1.0))",
        (f"{T_PROPAGATION}/test_traps.py",),
    ),
    Mutant(
        "slab: TE and TM exchanged in a stack",
        f"{PROPAGATION}/_slab_kernels.py",
        "_pass_one(te, phase, media.root, media.under,",
        "_pass_one(te, phase, media.under, media.root,",
        (f"{T_PROPAGATION}/test_slab.py::test_a_stack_of_one_is_the_slab",),
    ),
    Mutant(
        "slab: sine for cosine of incidence",
        f"{PROPAGATION}/slab.py",
        "np.sqrt(eta - (1 - cos**2))",
        "np.sqrt(eta - cos**2)",
        (f"{T_PROPAGATION}/test_slab.py::test_slab_agrees_with_sionna_rt_at_all_angles",),
    ),
    Mutant(
        "slab: thickness in centimetres",
        f"{PROPAGATION}/slab.py",
        "MM_PER_M = 1e3",
        "MM_PER_M = 1e2",
        (f"{T_PROPAGATION}/test_slab.py::test_averaged_losses_are_those_of_the_reference",),
    ),
    Mutant(
        "mesh: TE and TM weighed alike",
        f"{PROPAGATION}/constructions.py",
        "1 / (1 + shunt / cos**2) +",
        "1 / (1 + shunt * cos**2) +",
        (f"{CONSTRUCTIONS}::test_a_mesh_is_a_shunt_reactance",),
    ),
    Mutant(
        "mesh: unbonded edges help",
        f"{PROPAGATION}/constructions.py",
        "loss_db - UNBONDED_COST_DB",
        "loss_db + UNBONDED_COST_DB",
        (f"{CONSTRUCTIONS}::test_unbonded_edges_cost_6_db_and_never_help",),
    ),
    Mutant(
        "constructions: leaks round a foil forgotten",
        f"{PROPAGATION}/constructions.py",
        "loss_db = np.minimum(loss_db, construction.max_loss_db)",
        "loss_db = np.maximum(loss_db, construction.max_loss_db)",
        (f"{CONSTRUCTIONS}::test_joints_cap_what_foil_and_metal_would_keep_out",),
    ),
    Mutant(
        "constructions: surer below 1 GHz instead of less sure",
        f"{PROPAGATION}/constructions.py",
        "carrier_mhz < WIDENED_BELOW_MHZ",
        "carrier_mhz > WIDENED_BELOW_MHZ",
        (f"{CONSTRUCTIONS}::test_concrete_brick_and_metal_are_less_sure_below_one_gigahertz",),
    ),
    # Into buildings
    Mutant(
        "P.2109: quantile exchanged",
        f"{PROPAGATION}/building_entry.py",
        "quantile = ndtri(probability)",
        "quantile = ndtri(1 - probability)",
        (f"{ENTRY}::test_entry_loss_at_10_50_and_90_percent",),
    ),
    Mutant(
        "scatter: the façade's other half of the circle",
        f"{PROPAGATION}/angular_spread.py",
        "turned = np.asarray(turned_deg, np.float64)",
        "turned = 180.0 - np.asarray(turned_deg, np.float64)",
        (f"{MAST}::test_behind_the_wall_the_room_keeps_what_scatter_brings_to_its_own_openings",),
    ),
    Mutant(
        "scatter: in line of sight all power is scattered",
        f"{PROPAGATION}/angular_spread.py",
        "10 * np.log10(share / one_plus_k)",
        "10 * np.log10(share)",
        (f"{T_PROPAGATION}/test_angular_spread.py::test_in_line_of_sight_only_the_scattered_part_counts",),
    ),
    Mutant(
        "opening floor: a façade looks inward",
        f"{PROPAGATION}/opening_floor.py",
        "-(into * away).sum(axis=1)",
        "(into * away).sum(axis=1)",
        (f"{MAST}::test_a_straight_ray_meets_the_rooms_opening_or_does_not",),
    ),
    Mutant(
        "opening floor: a ray meets what it misses",
        f"{PROPAGATION}/opening_floor.py",
        "np.abs(across) <= opening.line.length / 2",
        "np.abs(across) >= opening.line.length / 2",
        (f"{MAST}::test_a_straight_ray_meets_the_rooms_opening_or_does_not",),
    ),
    Mutant(
        "mast gain: what stands within a borrowed opening's room is a gain",
        f"{PROPAGATION}/mast_gain.py",
        "inside_db[:, :, room] -= model.within_loss_db(used)[freq]",
        "inside_db[:, :, room] += model.within_loss_db(used)[freq]",
        (f"{MAST}::test_an_inner_room_borrows_the_nearest_opening_and_pays_its_door_or_its_wall",),
    ),
    Mutant(
        "mast gain: the detour is not added",
        f"{PROPAGATION}/mast_gain.py",
        "elements_db = with_detour(np.maximum(elements_db, straight_db), detour_db)",
        "elements_db = np.maximum(elements_db, detour_db)",
        (f"{MAST}::test_the_detour_is_added_to_the_straight_ray_as_a_power",),
    ),
    Mutant(
        "mast detour: a way of two portals has one leg less",
        f"{PROPAGATION}/sender_detour.py",
        "lost_db[legs[of, 0] // LONGEST] += each_db[of_leg[of]]",
        "lost_db[legs[of, 0] // LONGEST] = each_db[of_leg[of]]",
        (f"{MAST}::test_what_a_detour_crosses_is_what_its_legs_cross",),
    ),
    Mutant(
        "mast gain: walls amplify",
        f"{PROPAGATION}/mast_gain.py",
        "outdoors_db[indices] - elements_db[:, freq_of].T",
        "outdoors_db[indices] + elements_db[:, freq_of].T",
        (f"{MAST}::test_at_the_window_facing_the_mast_only_the_bars_are_lost",),
    ),
    # Antennas
    Mutant(
        "antennas: azimuth from east",
        f"{PROPAGATION}/antennas.py",
        "np.arctan2(east_m, north_m)",
        "np.arctan2(north_m, east_m)",
        (f"{ANTENNAS}::test_the_four_winds_and_up",),
    ),
    Mutant(
        "antennas: tilt up for down",
        f"{PROPAGATION}/antennas.py",
        "depression_deg - np.asarray(tilt_deg, np.float64)",
        "depression_deg + np.asarray(tilt_deg, np.float64)",
        (f"{ANTENNAS}::test_tilt_down_lowers_the_horizon_and_lifts_the_ground",),
    ),
    Mutant(
        "antennas: half-power width on each side",
        f"{PROPAGATION}/antennas.py",
        "12 * (wrapped_deg / self.horizontal_width_deg) ** 2",
        "3 * (wrapped_deg / self.horizontal_width_deg) ** 2",
        (f"{ANTENNAS}::test_at_half_the_width_3_db_are_lost",),
    ),
    # Decibels
    Mutant(
        "decibel: powers summed as fields",
        "coverage/decibel.py",
        "sum(10 ** (np.asarray(level, float) / 10) for level in levels_db)",
        "sum(10 ** (np.asarray(level, float) / 20) for level in levels_db)",
        (f"{NETWORKS}::test_two_equal_powers_add_3_db_and_ten_add_10",),
    ),
    Mutant(
        "decibel: a margin rounded up",
        "coverage/decibel.py",
        "np.floor(values_db * scale + 1e-9)",
        "np.ceil(values_db * scale - 1e-9)",
        (f"{NETWORKS}::test_margins_never_round_up",),
    ),
    # What a phone needs
    Mutant(
        "noise: dBW for dBm",
        f"{BLOCKING}/thresholds.py",
        "10 * np.log10(power_w * 1e3)",
        "10 * np.log10(power_w)",
        (f"{NETWORKS}::test_thermal_noise_of_one_lte_element",),
    ),
    Mutant(
        "noise: hertz for kilohertz",
        f"{BLOCKING}/thresholds.py",
        "bandwidth_khz * 1e3\n",
        "bandwidth_khz\n",
        (f"{NETWORKS}::test_thermal_noise_of_one_lte_element",),
    ),
    Mutant(
        "search margin: 20 MHz still medium",
        "coverage/rules.py",
        "width_mhz < WIDE_MHZ",
        "width_mhz <= WIDE_MHZ",
        (f"{NETWORKS}::test_search_margin_by_width_of_the_carrier",),
    ),
    Mutant(
        "reference power: EIRP of the carrier against RSRP of the element",
        f"{BLOCKING}/networks.py",
        "return 10 * float(np.log10(12 * resource_blocks(technology, bandwidth_mhz, band)))",
        "return 0.0",
        (f"{NETWORKS}::test_domain_examples_of_power_per_element",),
    ),
    Mutant(
        "reference power: blocks for elements",
        f"{BLOCKING}/networks.py",
        "np.log10(12 * resource_blocks",
        "np.log10(resource_blocks",
        (f"{NETWORKS}::test_domain_examples_of_power_per_element",),
    ),
    Mutant(
        "headroom: searcher's gain the wrong way",
        f"{BLOCKING}/networks.py",
        "row.floor_dbm - rules.phone.search_gain_db",
        "row.floor_dbm + rules.phone.search_gain_db",
        (f"{NETWORKS}::test_headroom_of_lte_by_hand",),
    ),
    Mutant(
        "channel: its weakest sector speaks",
        f"{BLOCKING}/networks.py",
        "isel({SECTOR: of_channel[channel]}).max(SECTOR)",
        "isel({SECTOR: of_channel[channel]}).min(SECTOR)",
        (f"{NETWORKS}::test_the_strongest_sector_speaks_for_its_channel",),
    ),
    Mutant(
        "needs: search margin helps the blocker",
        f"{BLOCKING}/montecarlo.py",
        "grade.js_deny_db[carrier.technology] + search_db",
        "grade.js_deny_db[carrier.technology] - search_db",
        (BUDGETS,),
    ),
    Mutant(
        "needs: the best phone's noise for a managed-access cell",
        f"{BLOCKING}/montecarlo.py",
        "noise_dbm(khz, WORST_NOISE_FIGURE_DB)",
        "noise_dbm(khz)",
        (GAPS,),
    ),
    Mutant(
        "needs: capture without hysteresis",
        f"{BLOCKING}/montecarlo.py",
        "CAPTURE_HYSTERESIS_DB + search_db",
        "search_db",
        (GAPS, BUDGETS),
    ),
    # What is sent and received
    Mutant(
        "emissions: the band's power on every carrier whole",
        f"{BLOCKING}/emissions.py",
        "trim_db - share_db + emission_db",
        "trim_db - 0 * share_db + emission_db",
        (GAPS, BUDGETS),
    ),
    Mutant(
        "emissions: swept helps outside",
        f"{BLOCKING}/emissions.py",
        "emission_db = max(emission_db, 0.0)",
        "emission_db = min(emission_db, 0.0)",
        (GAPS,),
    ),
    Mutant(
        "emissions: no limit of what sync gains",
        f"{BLOCKING}/emissions.py",
        "emission_db = min(10 * float(",
        "emission_db = max(10 * float(",
        (GAPS, BUDGETS),
    ),
    Mutant(
        "emissions: a carrier partly in the band counts as jammed",
        f"{BLOCKING}/emissions.py",
        "low_mhz <= below + 1e-6 and above",
        "low_mhz <= above and below",
        (f"{BUDGETS}::test_a_carrier_only_partly_inside_the_band_is_not_jammed",),
    ),
    Mutant(
        "emissions: a trim taken off",
        f"{BLOCKING}/emissions.py",
        "return power_dbm + sum(trim",
        "return power_dbm - sum(trim",
        (GAPS,),
    ),
    Mutant(
        "links: antenna gain of a blocker taken off",
        f"{BLOCKING}/blocker_link_model.py",
        "pattern_db + kind.gain_dbi",
        "pattern_db - kind.gain_dbi",
        (BUDGETS,),
    ),
    Mutant(
        "calibration: sign of what was read",
        f"{BLOCKING}/calibration.py",
        "above_db = level.rsrp_dbm - by_state_dbm[:, members, place]",
        "above_db = by_state_dbm[:, members, place] - level.rsrp_dbm",
        (f"{CALIBRATION}::test_a_weaker_sector_is_never_left_above_what_was_read",),
    ),
    Mutant(
        "calibration: the sight that explains a reading worse",
        f"{BLOCKING}/calibration.py",
        "los_db2 <= nlos_db2",
        "los_db2 > nlos_db2",
        (f"{CALIBRATION}::test_the_state_of_sight_is_the_one_that_explains_the_reading",),
    ),
    Mutant(
        "calibration: a reading makes a level less sure",
        f"{BLOCKING}/calibration.py",
        "np.minimum(unread_db[one.sectors], np.sqrt(variance_db2))",
        "np.maximum(unread_db[one.sectors], np.sqrt(variance_db2))",
        (f"{CALIBRATION}::test_the_strongest_sector_takes_the_whole_difference",),
    ),
    # Draft and verdict
    Mutant(
        "draft: quantile exchanged",
        f"{BLOCKING}/draft.py",
        "float(ndtri(scenario.asked.confidence))",
        "float(ndtri(1 - scenario.asked.confidence))",
        (GAPS,),
    ),
    Mutant(
        "draft: local errors of the public side only",
        f"{BLOCKING}/draft.py",
        "return 2 * errors.own_variance + errors",
        "return errors.own_variance + errors",
        (GAPS,),
    ),
    Mutant(
        "draft: doubt of the signal as variance",
        f"{BLOCKING}/_draft_kernels.py",
        "np.float32(math.sqrt(plain[p] + apart[p]))",
        "plain[p] + apart[p]",
        (GAPS,),
    ),
    Mutant(
        "draft: a construction on both sides left out whole",
        f"{BLOCKING}/_draft_kernels.py",
        "apart[p] += times[p] * times[p] * size",
        "apart[p] += 0 * times[p] * size",
        (GAPS,),
    ),
    Mutant(
        "draft: walls of the signal give back more than they take",
        f"{BLOCKING}/_draft_kernels.py",
        "wide if wide < capped else capped",
        "capped if wide < capped else wide",
        (GAPS,),
    ),
    Mutant(
        "draft: boost taken off the signal",
        f"{BLOCKING}/draft.py",
        "rsrp_dbm += model.boost_db[:, None]",
        "rsrp_dbm -= model.boost_db[:, None]",
        (BUDGETS,),
    ),
    Mutant(
        "draft: mean of decibels for the sum of powers",
        f"{BLOCKING}/draft.py",
        "jam_dbm = _added_db(noise_dbm, level_dbm - against_db) if len(level_dbm) else noise_dbm",
        "jam_dbm = np.mean([noise_dbm, *(level_dbm - against_db)], axis=0) if len(level_dbm) else noise_dbm",
        (GAPS,),
    ),
    Mutant(
        "verdict: above the confidence instead of at it",
        f"{BLOCKING}/judging.py",
        "(silent_share >= confidence) & (quiet_share < confidence)",
        "(silent_share > confidence) & (quiet_share < confidence)",
        (GAPS,),
    ),
    Mutant(
        "verdict: quiet rooms credited to the plan",
        f"{BLOCKING}/judging.py",
        "(silent_share >= confidence) & (quiet_share < confidence)",
        "(silent_share >= confidence)",
        (f"{ORDER}::test_what_is_quiet_anyway_is_credited_to_nobody",),
    ),
    Mutant(
        "verdict: printed level above instead of at it",
        f"{BLOCKING}/judging.py",
        "silent_probability >= percent / 100",
        "silent_probability > percent / 100",
        (GAPS,),
    ),
    Mutant(
        "verdict: rooms together in the best worlds",
        f"{BLOCKING}/judging.py",
        "np.sort(silent.sum(axis=0))[::-1]",
        "np.sort(silent.sum(axis=0))",
        (f"{ORDER}::test_rooms_together_by_hand",),
    ),
    Mutant(
        "verdict: rooms together in half the worlds",
        f"{BLOCKING}/judging.py",
        "TOGETHER_SHARE = 0.95",
        "TOGETHER_SHARE = 0.5",
        (f"{ORDER}::test_rooms_together_by_hand",),
    ),
    Mutant(
        "leakage: a room's worst point speaks",
        "coverage/study/leaks.py",
        "np.maximum.reduceat(",
        "np.minimum.reduceat(",
        ("tests/engine/test_study.py::test_the_best_test_point_speaks_for_the_room",),
    ),
    Mutant(
        "links: of two ways the straight one counts whole",
        f"{BLOCKING}/_way_kernels.py",
        "share = ONE / (ONE + np.float32(10 ** (-apart_db / TEN)))",
        "share = ONE / (ONE + np.float32(10 ** (-0 * apart_db / TEN)))",
        (f"{T_BLOCKING}/test_blocker_detours.py",),
    ),
    Mutant(
        "links: a blocker's detour is not added",
        f"{BLOCKING}/site_ways.py",
        "np.minimum(with_detour(np.maximum(elements_db, loss_db), detour_db), loss_db)",
        "np.minimum(with_detour(np.maximum(elements_db, loss_db), detour_db + 200), loss_db)",
        (f"{T_BLOCKING}/test_blocker_detours.py",),
    ),
    Mutant(
        "cable: what a station sends does not grow with its length",
        f"{PROPAGATION}/cable_stations.py",
        "sent = _SHARE_M * stations.length_m * _left(",
        "sent = _SHARE_M * _left(",
        (f"{T_BLOCKING}/test_cable_detours.py",),
    ),
    Mutant(
        "cable: the walls of its detour are those of any station",
        f"{BLOCKING}/cable_ways.py",
        "best = over_db[:, :, middle].argmax(axis=0)",
        "best = over_db[:, :, middle].argmin(axis=0)",
        (f"{T_BLOCKING}/test_cable_detours.py",),
    ),
    Mutant(
        "cable: nothing goes over the perimeter's wall",
        f"{BLOCKING}/cable_ways.py",
        "spared_db[station, beyond] = saved_db",
        "spared_db[station, beyond] = 0 * saved_db",
        (f"{T_BLOCKING}/test_cable_detours.py",),
    ),
    # Compiled loops
    Mutant(
        "worlds: the straight ray moves with the other way's walls",
        f"{BLOCKING}/_link_kernels.py",
        "share * other[w]",
        "share * out[w]",
        (GAPS,),
    ),
    Mutant(
        "worlds: at the floor a phone is quiet",
        f"{BLOCKING}/_montecarlo.py",
        "heard[w] = signal[w] >= floor",
        "heard[w] = signal[w] > floor",
        (GAPS,),
    ),
    Mutant(
        "worlds: noise forgotten beside the jammers",
        f"{BLOCKING}/_montecarlo.py",
        "(jam + noise < deny * public[w])\n",
        "(jam + 0 * noise < deny * public[w])\n",
        (GAPS,),
    ),
    Mutant(
        "worlds: managed access heard as a jammer of its own cell",
        f"{BLOCKING}/_montecarlo.py",
        "and not is_mas[d] and level",
        "and level",
        (GAPS,),
    ),
    Mutant(
        "worlds: a blocker's own local error forgotten",
        f"{BLOCKING}/_link_kernels.py",
        "(draw[w] + shared[w]) + own[w]",
        "(draw[w] + shared[w]) + 0 * own[w]",
        (GAPS,),
    ),
    Mutant(
        "worlds: walls give back more than they take",
        f"{BLOCKING}/_link_kernels.py",
        "out[w] = min(out[w], walls)",
        "out[w] = min(out[w], walls + 99)",
        (GAPS,),
    ),
    Mutant(
        "worlds: sight where there is none",
        f"{BLOCKING}/_link_kernels.py",
        "clear = drawn[w] < chance",
        "clear = drawn[w] > chance",
        (GAPS,),
    ),
    # Rules of both grades
    Mutant(
        "rules: no cap of what all walls of a link err by",
        f"{BLOCKING}/_link_kernels.py",
        "if variance > most * most:",
        "if variance > 1e9 * most:",
        (f"{ERRORS}::test_walls_of_a_link_are_no_surer_than_one_wall_and_no_less_sure_than_6_db",),
    ),
    Mutant(
        "rules: sectors of a mast share nothing",
        f"{BLOCKING}/world_links.py",
        "shared * masts[mast] + own *",
        "0 * shared * masts[mast] + own *",
        (f"{ERRORS}::test_what_shadows_one_carrier_of_a_mast_shadows_the_others",),
    ),
    Mutant(
        "rules: a construction is damp at one band alone",
        f"{BLOCKING}/world_links.py",
        "[common + own * normals",
        "[0 * common + own * normals",
        (f"{ERRORS}::test_a_damp_wall_is_damp_at_every_band_and_for_both_sides",),
    ),
    Mutant(
        "rules: the room's part of the local error forgotten",
        f"{BLOCKING}/_link_kernels.py",
        "(draw[w] + shared[w]) + own[w]",
        "draw[w] + own[w]",
        (f"{ERRORS}::test_local_errors_are_4_db_a_quarter_of_them_the_rooms",),
    ),
    Mutant(
        "rules: the ratio at the median forgotten",
        f"{BLOCKING}/_spill_kernels.py",
        "min(at_median, in_most)",
        "in_most",
        (f"{GRADES}::test_where_both_sides_cross_one_wall_its_error_cancels",),
    ),
    Mutant(
        "rules: the ratio in most worlds forgotten",
        f"{BLOCKING}/_spill_kernels.py",
        "min(at_median, in_most)",
        "at_median",
        (f"{GRADES}::test_spill_of_one_device_over_one_wall",),
    ),
    Mutant(
        "rules: of signal and noise the stricter is the limit",
        f"{BLOCKING}/_spill_kernels.py",
        "max(signal[w] - below_db, noise_limit)",
        "min(signal[w] - below_db, noise_limit)",
        (f"{GRADES}::test_the_noise_less_its_margin_is_always_allowed",),
    ),
    Mutant(
        "rules: one source alone blocks like two",
        f"{BLOCKING}/_montecarlo.py",
        "min(every, together * every + beside * (every - loudest))",
        "every + 0 * beside",
        (f"{GRADES}::test_a_phone_with_two_antennas_turns_away_from_one_source_not_from_two",),
    ),
    Mutant(
        "rules: a body helps the blocker",
        f"{BLOCKING}/blocker_link_model.py",
        "sent - body_db, offered - body_db",
        "sent + body_db, offered + body_db",
        (f"{GRADES}::test_a_body_takes_3_db_inside_and_nothing_outside",),
    ),
    Mutant(
        "rules: a measured level is boosted once more",
        f"{BLOCKING}/links.py",
        "np.where(self.calibration.measured, 0.0, boost)",
        "np.where(self.calibration.measured, boost, boost)",
        (f"{GRADES}::test_a_measured_level_holds_the_boost_already",),
    ),
    Mutant(
        "rules: a hidden mast measured by what it is where it is clear",
        f"{BLOCKING}/_montecarlo.py",
        "least = surest + math.log(demands.least[c])",
        "least = best + math.log(demands.least[c])",
        (GAPS,),
    ),
    Mutant(
        "rules: a loud blocker makes the weak ones surer",
        f"{BLOCKING}/_spill_kernels.py",
        "local.own[0], p, d",
        "local.own[0] * np.float32(links.level_dbm[p, 0, d] >= links.level_dbm[p, 0].max()), p, d",
        (f"{GRADES}::test_more_eirp_never_lowers_spill",),
    ),
    # Outside
    Mutant(
        "spill: the worlds that count are the best ones",
        f"{BLOCKING}/interference.py",
        "worlds(1 - grade.outside_share)",
        "worlds(grade.outside_share)",
        (GAPS,),
    ),
    Mutant(
        "spill: more allowed than the signal",
        f"{BLOCKING}/_spill_kernels.py",
        "max(signal[w] - below_db, noise_limit)",
        "max(signal[w] + below_db, noise_limit)",
        (GAPS,),
    ),
    Mutant(
        "spill: 6 dB above noise",
        f"{BLOCKING}/interference.py",
        "needs.noise_dbm[first] - model.rules.outside.noise_margin_db",
        "needs.noise_dbm[first] + model.rules.outside.noise_margin_db",
        (GAPS,),
    ),
    Mutant(
        "spill: sign of the margin",
        f"{BLOCKING}/_spill_kernels.py",
        "room_db[w] = max(signal[w] - below_db, noise_limit) - jam[w]",
        "room_db[w] = jam[w] - max(signal[w] - below_db, noise_limit)",
        (GAPS,),
    ),
    Mutant(
        "spill: a receptor may fail",
        f"{BLOCKING}/spill_rings.py",
        "return 0 if ring == RECEPTOR else int(",
        "return 1 if ring == RECEPTOR else int(",
        (GAPS,),
    ),
    Mutant(
        "spill: one failing point more than allowed",
        f"{BLOCKING}/spill_rings.py",
        "order[may_fail(ring, len(members), tier)]",
        "order[may_fail(ring, len(members), tier) - 1]",
        (GAPS,),
    ),
    Mutant(
        "spill: only the loudest blocker",
        f"{BLOCKING}/_spill_kernels.py",
        "jam[w] += ratio * factor[w]",
        "jam[w] = max(jam[w], ratio * factor[w])",
        (GAPS,),
    ),
    Mutant(
        "spill: the worst phone hears better than the best",
        f"{BLOCKING}/interference.py",
        "(noise + WORST_PHONE_LOSS_DB) / 10",
        "(noise - WORST_PHONE_LOSS_DB) / 10",
        (GAPS,),
    ),
    Mutant(
        "spill: weak blockers lost",
        f"{BLOCKING}/_spill_kernels.py",
        "limits.noise_limit[channel]) - FAINT_DB",
        "limits.noise_limit[channel]) - FAINT_DB / 3",
        ("tests/engine/blocking/test_spill.py::test_blockers_count_from_60_db_below_the_limit_on",),
    ),
    Mutant(
        "spill: a tier without a limit of power hears no blocker",
        f"{BLOCKING}/_spill_kernels.py",
        "below = 0.0",
        "below = -np.inf",
        ("tests/engine/blocking/test_spill_rules.py",),
    ),
    Mutant(
        "keep: a cell never takes a phone away",
        f"{BLOCKING}/_spill_kernels.py",
        "(signal[w] - error[w] >= gamma[c]) & (other[w] < signal[w])",
        "signal[w] - error[w] >= gamma[c]",
        (GAPS,),
    ),
    Mutant(
        "outside: gear of just 1 W is strong",
        f"{BLOCKING}/outside.py",
        "devices_eirp_dbm > STRONG_EIRP_DBM",
        "devices_eirp_dbm >= STRONG_EIRP_DBM",
        (f"{T_BLOCKING}/test_outside.py",),
    ),
    Mutant(
        "exposure: milliwatts for watts",
        f"{BLOCKING}/exposures.py",
        "10 ** (one.power_dbm / 10) / 1e3,",
        "10 ** (one.power_dbm / 10),",
        (f"{T_BLOCKING}/test_exposure.py",),
    ),
    Mutant(
        "exposure: power falls with distance, not its square",
        f"{BLOCKING}/exposures.py",
        "(4 * np.pi * away_m**2)",
        "(4 * np.pi * away_m)",
        (f"{T_BLOCKING}/test_exposure.py",),
    ),
    Mutant(
        "base stations: block for element the wrong way",
        f"{BLOCKING}/protect.py",
        "sent_dbm + 10 * np.log10(RB_KHZ / widths_khz)",
        "sent_dbm - 10 * np.log10(RB_KHZ / widths_khz)",
        (f"{T_BLOCKING}/test_protect.py::test_power_at_a_base_station_by_hand",),
    ),
    # Places and words
    Mutant(
        "test points: below the floor of their storey",
        "sites/trial_point_sets.py",
        "else floor_m + height_m",
        "else height_m",
        (GAPS,),
    ),
    Mutant(
        "test points: at the window outside for inside",
        "sites/trial_point_sets.py",
        "place.beside_m(index, INSIDE_WINDOW_M)",
        "place.beside_m(index, -INSIDE_WINDOW_M)",
        ("tests/places/test_geometry.py::test_trial_points_stand_where_design_says",),
    ),
    Mutant(
        "words: 99.96 % prints as 100 %",
        "coverage/report/escapes.py",
        'return f"{floored(100 * share):g} %"',
        'return f"{100 * share:.1f} %"',
        ("tests/engine/report/test_verdict_report.py::test_what_is_nearly_certain_never_prints_as_certain",),
    ),
    Mutant(
        "words: protected by levels that nobody measured",
        "coverage/report/grades.py",
        "if number is None or verdict.measured < len(verdict.sectors):",
        "if number is None:",
        (
            "tests/engine/report/test_verdict_report.py"
            "::test_protected_is_silent_at_evidence_grade_with_every_limit_kept_and_every_sector_measured",
        ),
    ),
    Mutant(
        "words: a shortfall rounded down",
        "coverage/report/escapes.py",
        "return -floored(-value, digits) + 0.0",
        "return floored(value, digits) + 0.0",
        ("tests/engine/report/test_verdict_report.py::test_what_is_nearly_certain_never_prints_as_certain",),
    ),
)

# The tests run on the copy of the package or not at all: the editable install comes later on the path.
RUN = """
import pathlib, sys
import quietwing
here = pathlib.Path(sys.argv[1])
assert pathlib.Path(quietwing.__file__).is_relative_to(here), quietwing.__file__
import pytest
sys.exit(pytest.main(["-n0", "-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=line", *sys.argv[2:]]))
"""
TESTS_FAILED, HANGS = 1, -1  # the first is pytest's; any other code is a broken script, not a test that saw something


def copied(into: Path) -> Path:
    """The tree as it stands, links kept as links, nothing compiled."""
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, into / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis")
            )
        else:
            shutil.copy2(source, into / name)
    return into


def tested(tree: Path, tests: tuple[str, ...], numba_cache: Path, limit_s: float) -> tuple[int, str]:
    """Exit code of pytest on the copy and the last lines it printed."""
    paths = {
        "PYTHONPATH": str(tree / "src"),
        "NUMBA_CACHE_DIR": str(numba_cache),
        "PYTHONDONTWRITEBYTECODE": "1",  # a mutant of equal length within the same second would run the old bytes
    }
    command = [sys.executable, "-P", "-c", RUN, str(tree), *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=os.environ | paths, capture_output=True, text=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return HANGS, f"longer than {limit_s:g} s"
    return done.returncode, (done.stdout + done.stderr)[-2000:]


@contextmanager
def mutated(tree: Path, mutant: Mutant) -> Iterator[None]:
    """Put the mutant in its place, and then the original with its old times again."""
    path = tree / mutant.file
    text, times = path.read_text("utf-8"), path.stat()
    count = text.count(mutant.original)
    assert count == 1, f"{mutant.name}: {mutant.file} holds {mutant.original!r} {count} times (expected once)"
    path.write_text(text.replace(mutant.original, mutant.replacement), "utf-8")
    yield
    path.write_text(text, "utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def main() -> int:
    """Run all mutants, or those a word names; returns how the process ends."""
    word = sys.argv[1].lower() if len(sys.argv) > 1 else ""
    chosen = [mutant for mutant in MUTANTS if word in f"{mutant.name} {mutant.file}".lower()]
    lost = [mutant.name for mutant in MUTANTS if (ROOT / mutant.file).read_text("utf-8").count(mutant.original) != 1]
    if lost:
        print(f"what they change does not stand once in its file: {', '.join(lost)}")
        return 2
    start, survivors = time.perf_counter(), []
    with tempfile.TemporaryDirectory(prefix="quietwing-mutants-") as folder:
        tree, warm = copied(Path(folder).resolve() / "tree"), Path(folder) / "numba"
        wanted = tuple(dict.fromkeys(test for mutant in chosen for test in mutant.tests))
        code, said = tested(tree, wanted, warm, LIMIT_S * len(wanted))  # kernels are compiled too
        if code != 0:
            print(f"the tests fail without any mutant:\n{said}")
            return 2
        print(f"without mutants all tests pass ({time.perf_counter() - start:.0f} s)", flush=True)
        for mutant in chosen:
            cache = warm
            if "njit" in (tree / mutant.file).read_text("utf-8"):  # compiles anew; what it calls comes from disk
                cache = Path(folder) / "mutant-numba"
                shutil.rmtree(cache, ignore_errors=True)
                # A compiled kernel does not see that what it calls from another file has changed.
                callers = f"{Path(mutant.file).parent.name}_*" if mutant.file.endswith(CALLED) else ""
                shutil.copytree(warm, cache, ignore=shutil.ignore_patterns(callers))
            with mutated(tree, mutant):
                code, said = tested(tree, mutant.tests, cache, LIMIT_S)
            by = next(
                (line.split(" ")[1] for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))), ""
            )
            seen = code == HANGS or (code == TESTS_FAILED and by != "")
            if not seen:
                survivors.append(mutant.name)
            verdict = "killed" if seen else "SURVIVED" if code == 0 else f"BROKEN ({code})"
            print(
                f"{verdict:9} {mutant.file.rpartition('/')[2]}: {mutant.name}  {by.rpartition('::')[2]}", flush=True
            )
            if code not in (0, TESTS_FAILED):
                print(said)
    seconds = time.perf_counter() - start
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants killed in {seconds:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
