"""The blocker that is selected: model, place, power by band, direction, state, price; every change is one step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from quietwing.coverage.app.blockers_state import Desk, accept, desk
from quietwing.coverage.app.model_words import model_in_words
from quietwing.coverage.app.plan_editor.edits import OFF_DB, copied_to_storeys, replaced, without
from quietwing.coverage.app.site_words import literal, problems_of
from quietwing.coverage.app.state import Layout, session
from quietwing.coverage.equipment import Device
from quietwing.coverage.report import pounds
from quietwing.sites import QuietwingError

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["device_panel"]

STATES = {"planned": "Planned", "existing": "Existing", "off": "Off"}
LEAST_TRIM_DB, MOST_TRIM_DB = -30.0, 10.0
LEAST_DBM = -20.0  # of the slider; the table takes less


def device_panel(at: Desk, device: Device) -> None:
    """Draw the properties of one blocker.

    Parameters
    ----------
    at : Desk
    device : Device
        Of the current layout.
    """
    # Streamlit keeps what a field was given until the session ends: not `at`, which holds the estimates of a site.
    catalogue = at.catalogue
    model = catalogue[device.model]
    state, key = st.session_state, f"device {device.id}"
    price = pounds(model.unit_price_gbp + model.install_gbp)
    st.markdown(
        f"**{literal(device.id)}**, {price} to buy and install{' (placeholder)' if model.illustrative else ''}"
    )
    names = at.of_kinds("mas", "jammer")
    state[f"{key} model"] = device.model
    st.selectbox(
        "Model",
        names,
        key=f"{key} model",
        format_func=lambda name: model_in_words(catalogue[name]),
        on_change=partial(_changed, device.id, lambda: {"model": state[f"{key} model"], "trim_db": ()}),
    )
    state[f"{key} state"] = device.state
    st.segmented_control(
        "State",
        list(STATES),
        key=f"{key} state",
        required=True,
        format_func=STATES.__getitem__,
        on_change=partial(_changed, device.id, lambda: {"state": state[f"{key} state"]}),
        width="stretch",
    )
    height, tilt = st.columns(2, gap="small")
    state[f"{key} height"] = device.z_m
    height.number_input(
        "Height above ground [m]",
        step=0.1,
        format="%.2f",
        key=f"{key} height",
        on_change=partial(_changed, device.id, lambda: {"z_m": state[f"{key} height"]}),
    )
    if not model.radiating_cable:
        _direction(device, key, tilt)
    _power(at, device, key)
    copy, away = st.columns(2, gap="small")
    copy.button(
        "Copy to all storeys",
        key=f"{key} copy",
        width="stretch",
        on_click=_done,
        args=(
            lambda layout: copied_to_storeys(layout, session().site, device.id),
            f"{device.id} hangs on every storey",
        ),
        help="The same blocker at the same place of every other storey of its building.",
    )
    away.button(
        "Delete it",
        key=f"{key} delete",
        width="stretch",
        on_click=_done,
        args=(lambda layout: without(layout, device.id), f"{device.id} deleted; Undo brings it back"),
    )


def _direction(device: Device, key: str, beside: DeltaGenerator) -> None:
    state = st.session_state
    state[f"{key} tilt"] = float(device.tilt_deg)
    beside.number_input(
        "Tilt [° down]",
        step=1.0,
        format="%.0f",
        key=f"{key} tilt",
        on_change=partial(_changed, device.id, lambda: {"tilt_deg": state[f"{key} tilt"]}),
    )
    state[f"{key} azimuth"] = float(device.azimuth_deg) % 360
    st.slider(
        "Azimuth [° from north]",
        0.0,
        359.0,
        step=1.0,
        key=f"{key} azimuth",
        format="%.0f",
        on_change=partial(_changed, device.id, lambda: {"azimuth_deg": state[f"{key} azimuth"]}),
    )


def _power(at: Desk, device: Device, key: str) -> None:
    """One slider for all bands, and a tick and a trim for each of the model's bands."""
    state, model = st.session_state, at.catalogue[device.model]
    own = device.power_dbm is not None
    strongest = max((band.power_dbm for band in model.bands), default=0.0)
    now = float(device.power_dbm if device.power_dbm is not None else strongest)
    state[f"{key} power"] = now
    st.slider(
        "Power in every band [dBm]" if own else f"Power: the catalogue's, up to {strongest:g} dBm",
        min(LEAST_DBM, now),
        max(strongest, now),
        step=0.5,
        key=f"{key} power",
        format="%.1f",
        on_change=partial(_changed, device.id, lambda: {"power_dbm": state[f"{key} power"]}),
    )
    trims = dict(device.trim_db)
    bands = list(dict.fromkeys(band.band for band in model.bands))
    with st.expander(f"Bands ({sum(trims.get(band, 0.0) > OFF_DB for band in bands)} of {len(bands)} on)"):
        st.caption("A trim lowers or raises one band; a band without its tick is turned down by 60 dB.")
        for band in bands:
            on = trims.get(band, 0.0) > OFF_DB
            tick, trim = st.columns([1, 2], gap="small", vertical_alignment="bottom")
            state[f"{key} {band} on"] = on
            tick.checkbox(
                literal(band),
                key=f"{key} {band} on",
                on_change=partial(_trimmed, device.id, band, f"{key} {band} on"),
            )
            value = trims.get(band, 0.0) if on else 0.0
            state[f"{key} {band} trim"] = value
            trim.slider(
                f"Trim of {literal(band)} [dB]",
                min(LEAST_TRIM_DB, value),
                max(MOST_TRIM_DB, value),
                step=0.5,
                key=f"{key} {band} trim",
                disabled=not on,
                label_visibility="collapsed",
                format="%.1f dB",
                on_change=partial(_trimmed, device.id, band, f"{key} {band} trim"),
            )


def _changed(name: str, wanted: Callable[[], dict[str, Any]]) -> None:
    changes = wanted()
    _done(lambda layout: replaced(layout, session().site, name, **changes), f"{name} changed")


def _trimmed(name: str, band: str, key: str) -> None:
    value = st.session_state[key]
    device = next((one for one in session().layout.devices if one.id == name), None)
    if device is None:
        return
    wanted = (0.0 if value else OFF_DB) if isinstance(value, bool) else float(value)
    trims = {known: trim for known, trim in device.trim_db if known != band}
    if wanted:
        trims[band] = wanted
    _done(lambda layout: replaced(layout, session().site, name, trim_db=tuple(trims.items())), f"{name}: {band}")


def _done(act: Callable[[Layout], Layout], said: str) -> None:
    """Make a change as one step of undo, or say why not."""
    at = desk()
    at.message, at.select, at.problems, at.held = said, "", (), None
    try:
        accept(act(session().layout))
    except QuietwingError as error:
        at.problems, at.message = problems_of(error), ""
