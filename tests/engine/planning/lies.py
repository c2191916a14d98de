"""Lies that a plan may tell, each with the question it answers and the line that names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.dims import ROOM
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.other_process import OtherProcess
from quietwing.coverage.planning.attempts import judge
from quietwing.coverage.planning.optimising import CHOOSING_STREAM
from quietwing.coverage.planning.places import plan_spots
from quietwing.coverage.planning.plan import Attempt, Claim, Hole, HoleKind, HoleReason, Plan
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.sites.model import Sector, Site

CATALOGUE = read_catalogue()
OPEN = HoleReason(HoleKind.NOT_REACHED)
SCENARIO = Scenario(
    grade="planning",
    worlds=200,
    effort="quick",
    budget_gbp=5300.0,
    spill_tier="service",
    spacing_m=1.2,
    equipment=("micro_jammer", "room_jammer", "mas_node"),
    treat_with=("window_mesh",),
)
EE20 = Sector(
    id="ee", operator="EE", plmn="234-30", band="B20", technology="LTE", freq_mhz=798.5, bandwidth_mhz=5.0,
    x_m=2.5, y_m=-600.0, height_m=25.0, azimuth_deg=0.0, tilt_deg=0.0, pattern="omni", eirp_dbm=37.0,
    environment="UMa", sigma_db=3.0,
)  # fmt: skip
O2_8 = replace(
    EE20, id="o2", operator="O2", plmn="234-10", band="B8", freq_mhz=941.3, bandwidth_mhz=10.0, x_m=-400.0, y_m=500.0,
    eirp_dbm=39.0,
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A question, the honest plan, and what lies are made of."""

    site: Site
    existing: tuple[Device, ...]
    plan: Plan
    inputs: PlanningInputs

    @property
    def bought(self) -> tuple[Device, ...]:
        return self.plan.devices[len(self.existing) :]

    @property
    def landing(self) -> str:
        """The place on the landing that was chosen: two, 0.2 m apart, are equally good."""
        (name,) = {"A1-landing", "A1-landing-ceiling"} & {device.id for device in self.bought}
        return name

    @property
    def beside_the_landing(self) -> str:
        """The other of the two."""
        (name,) = {"A1-landing", "A1-landing-ceiling"} - {self.landing}
        return name

    @property
    def hole(self) -> str:
        return self.plan.holes[0].room

    @property
    def words(self) -> dict[str, str]:
        """What the honest plan says, as the patterns of the lines below want it."""
        plan, attempt = self.plan, chosen(self.plan)
        words = {
            "first": self.bought[0].id,
            "landing": self.landing,
            "meshed": plan.treatments[0].opening,
            "meshed_room": plan.treatments[0].opening.removesuffix("-window"),
            "hole": self.hole,
            "claimed": plan.claimed[0].room,
            "capex": f"£{plan.cost.capex_gbp:,.2f}",
            "capex_more": f"£{plan.cost.capex_gbp + 1:,.2f}",
            "capex_less": f"£{plan.cost.capex_gbp - 1:,.2f}",
            "opex": f"£{plan.cost.opex_gbp_per_year:,.2f}",
            "opex_more": f"£{plan.cost.opex_gbp_per_year + 1:,.2f}",
            "rooms": f"{attempt.rooms_judged}",
            "rooms_more": f"{attempt.rooms_judged + 1}",
            "weight": f"{attempt.weight_judged:.1f}",
            "weight_more": f"{attempt.weight_judged + 1:.1f}",
            "model": f"{plan.rooms_model}",
            "model_more": f"{plan.rooms_model + 1}",
            "value": f"{plan.value:.1f}",
            "value_more": f"{plan.value + 1:.1f}",
            "attempts": f"{len(plan.attempts)}",
        }
        return {name: re.escape(word) for name, word in words.items()}

    def faults(self, plan: Plan, scenario: Scenario, other: OtherProcess | None = None) -> tuple[str, ...]:
        site = self.site
        return verify_plan(site, site.sectors, scenario, CATALOGUE, plan, existing=self.existing, other=other)

    def device(self, spot_id: str, name: str, model: str = "micro_jammer", **changes) -> Device:
        """A device at a place that plans may use."""
        spot = next(spot for spot in plan_spots(self.site) if spot.id == spot_id)
        return Device(name, model, spot.x_m, spot.y_m, spot.z_m, spot.storey, **changes)

    def with_devices(self, *devices: Device) -> Plan:
        return self.restated(devices=(*self.existing, *devices))

    def restated(self, **changes) -> Plan:
        """The plan with other devices or treatments, and honest about their money, rooms, margin and holes."""
        plan = replace(self.plan, **changes)
        one = judge(self.inputs, plan.devices, plan.treatments, None, CHOOSING_STREAM)
        figures = ("rooms_judged", "weight_judged", "spill_margin_db", "passed", "capex_gbp")
        rooms = one.judged.by_room
        kept = (rooms["called_silent"] | rooms["quiet_anyway"]).values.tolist()
        open_rooms = [name for name, is_kept in zip(rooms[ROOM].values.tolist(), kept, strict=True) if not is_kept]
        return replace(
            attempt_of(plan, **{name: getattr(one.attempt, name) for name in figures}),
            cost=one.cost,
            value=one.attempt.weight_judged,
            holes=tuple(Hole(name, OPEN) for name in open_rooms),
        )


def attempt_of(plan: Plan, **changes) -> Plan:
    """The plan with other words about the attempt chosen."""
    attempts = list(plan.attempts)
    attempts[plan.chosen] = replace(attempts[plan.chosen], **changes)
    return replace(plan, attempts=tuple(attempts))


def chosen(plan: Plan) -> Attempt:
    return plan.attempts[plan.chosen]


def billed(plan: Plan, **more_gbp: float) -> Plan:
    """The plan with so much more on its bill."""
    return replace(
        plan, cost=replace(plan.cost, **{name: getattr(plan.cost, name) + x for name, x in more_gbp.items()})
    )


def reserved(plan: Plan, reserve_db: float) -> Plan:
    """The plan with another reserve for the first room claimed."""
    return replace(plan, claimed=(replace(plan.claimed[0], reserve_db=reserve_db), *plan.claimed[1:]))


def claiming(plan: Plan, *rooms: str) -> Plan:
    """The plan with more rooms claimed, its counts in step."""
    claimed = (*plan.claimed, *(Claim(room, 0.0) for room in rooms))
    return replace(attempt_of(plan, rooms_model=len(claimed)), claimed=claimed, rooms_model=len(claimed))


def unclaiming(plan: Plan, room: str) -> Plan:
    """The plan with a room less claimed, its counts and its value in step."""
    claimed = tuple(claim for claim in plan.claimed if claim.room != room)
    return claiming(replace(plan, claimed=claimed))


def no_head_end(q: Question) -> Plan:
    """A node beside the jammers, and a bill without the head-end it needs."""
    plan = q.with_devices(*q.bought, q.device(END, "node", "mas_node", power_dbm=-50.0))
    lines = tuple(line for line in plan.cost.lines if line.kind != "head_end")
    return replace(plan, cost=replace(plan.cost, lines=lines))


END = "A1-landing-window"
MESH = "window_mesh"
ANY = SCENARIO
RICH = replace(SCENARIO, budget_gbp=1e6)  # the lie is another one than the money
TREATED = replace(RICH, treatments=(TreatmentWish(MESH, ("A1-04",)),))  # one of the rooms that the plan gives a mesh
Lie = Callable[[Question], Plan]

# What is said, and the one line that names it. ``words`` of the question stand for what is in braces.
ONE_LINE: dict[str, tuple[Scenario, Lie, str]] = {
    # Devices.
    "no place for a plan": (
        RICH, lambda q: q.with_devices(*q.bought, Device("nowhere", "micro_jammer", 1.0, 4.4, 2.0, power_dbm=-40.0)),
        r"device nowhere stands at none of the places a plan may use",
    ),
    "moved by half a metre": (
        RICH, lambda q: q.with_devices(replace(q.bought[0], x_m=q.bought[0].x_m + 0.5), *q.bought[1:]),
        r"device {first} stands at none of the places a plan may use",
    ),
    "1 dB above the catalogue on a channel": (
        ANY, lambda q: q.with_devices(replace(q.bought[0], power_dbm=10.0, trim_db=(("EE/B20/LTE", 1.0),)),
                                      *q.bought[1:]),
        r"device {first}: EE/B20/LTE at 11 dBm, above the 10 dBm of micro_jammer in B20",
    ),
    "unknown model": (
        ANY, lambda q: replace(q.plan, devices=(*q.plan.devices, q.device(END, "ray", "death_ray"))),
        r"device ray: model death_ray is not in the catalogue",
    ),
    "a head-end as a device": (
        ANY, lambda q: replace(q.plan, devices=(*q.plan.devices, q.device(END, "core", "mas_head_end"))),
        r"device core: mas_head_end is a head_end and does not radiate",
    ),
    "a model the scenario does not allow": (
        RICH, lambda q: q.with_devices(*q.bought, q.device(END, "swept", "room_jammer_swept", power_dbm=-40.0)),
        r"device swept: the scenario does not allow room_jammer_swept",
    ),
    "a price of its own": (
        ANY, lambda q: q.with_devices(replace(q.bought[0], unit_price_gbp=1.0), *q.bought[1:]),
        r"device {first}: £1\.00 is no price of the catalogue",
    ),
    "two of one name": (
        RICH, lambda q: q.with_devices(*q.bought, q.device(END, q.bought[0].id, power_dbm=-40.0)),
        r"device {first} is listed 2 times",
    ),
    "two too near": (
        RICH, lambda q: q.with_devices(*q.bought, q.device(q.beside_the_landing, "near", power_dbm=-40.0)),
        r"devices {landing} and near are 0\.20 m apart \(expected 1\.2 m or more\)",
    ),
    "what stands is taken away": (
        ANY, lambda q: unclaiming(q.restated(devices=q.bought), "A1-04"),  # which it is there for
        r"existing device old is missing from the plan",
    ),
    "what stands is turned down": (
        ANY, lambda q: q.restated(devices=(replace(q.existing[0], power_dbm=-31.0), *q.bought)),
        r"existing device old is not as it stands",
    ),
    "called existing, so that it costs nothing": (
        ANY, lambda q: q.with_devices(*q.bought, q.device(END, "gift", state="existing", power_dbm=-40.0)),
        r"device gift has state existing and does not stand yet",
    ),
    "bought and off": (
        ANY, lambda q: q.with_devices(*q.bought, q.device(END, "spare", state="off")),
        r"device spare has state off and does not stand yet",
    ),
    # Windows.
    "a window twice": (
        RICH, lambda q: q.restated(treatments=(*q.plan.treatments, q.plan.treatments[0])),
        r"window {meshed} gets a mesh twice",
    ),
    "a window of no silent room": (
        RICH, lambda q: q.restated(treatments=(*q.plan.treatments, Treatment("A1-start-door", MESH))),
        r"window A1-start-door is no window in the outer wall of a room to be blocked",
    ),
    "an unknown window": (
        ANY, lambda q: replace(q.plan, treatments=(*q.plan.treatments, Treatment("A1-99-window", MESH))),
        r"window A1-99-window: the site has no such opening",
    ),
    "a film that is not allowed": (
        RICH, lambda q: q.restated(treatments=(*q.plan.treatments, Treatment("A1-02-window", "window_film"))),
        r"window A1-02-window: the scenario does not allow window_film",
    ),
    "a mesh of no catalogue": (
        ANY, lambda q: replace(q.plan, treatments=(*q.plan.treatments, Treatment("A1-02-window", "curtain"))),
        r"window A1-02-window: curtain is no mesh or film of the catalogue",
    ),
    # Money.
    "£1 on capex": (
        ANY, lambda q: billed(q.plan, capex_gbp=1.0), r"capex: the plan says {capex_more}, its parts cost {capex}"
    ),
    "£1 on opex": (
        ANY, lambda q: billed(q.plan, opex_gbp_per_year=1.0),
        r"opex a year: the plan says {opex_more}, its parts cost {opex}",
    ),
    "£1 off whole life": (ANY, lambda q: billed(q.plan, whole_life_gbp=-1.0), r"whole-life cost: the plan says £"),
    "£1 off present value": (ANY, lambda q: billed(q.plan, npv_gbp=-1.0), r"net present value: the plan says £"),
    "£1 off the attempt": (
        ANY, lambda q: attempt_of(q.plan, capex_gbp=chosen(q.plan).capex_gbp - 1.0),
        r"cost of the chosen attempt: the plan says {capex_less}, its parts cost {capex}",
    ),
    "no head-end": (RICH, no_head_end, r"head-end mas_head_end: 1 needed \(64 nodes each\), the bill has 0"),
    # Judged figures.
    "one room more": (
        ANY, lambda q: attempt_of(q.plan, rooms_judged=chosen(q.plan).rooms_judged + 1),
        r"rooms blocked in the simulations it was chosen on: the attempt says {rooms_more}, the Monte Carlo "
        r"finds {rooms}",
    ),
    "more weight": (
        ANY, lambda q: attempt_of(q.plan, weight_judged=chosen(q.plan).weight_judged + 1),
        r"their weight: the attempt says {weight_more}, the Monte Carlo finds {weight}",
    ),
    "0.1 dB more margin": (
        ANY, lambda q: attempt_of(q.plan, spill_margin_db=chosen(q.plan).spill_margin_db + 0.1),
        r"smallest margin outside in dB: the attempt says .*\d m outside",
    ),
    "limits not kept": (
        ANY, lambda q: attempt_of(q.plan, passed=False),
        r"all limits hold: the attempt says False, the Monte Carlo finds True",
    ),
    "another seed": (ANY, lambda q: replace(q.plan, seed=2), r"seed: the plan says 2, the scenario 1"),
    "nothing found, though it does what is asked": (
        ANY, lambda q: replace(q.plan, status="infeasible"), r"status is infeasible, but the plan does what is asked"
    ),
    "a status that is none": (
        ANY, lambda q: replace(q.plan, status="splendid"), r"status 'splendid' is none that a plan may have"
    ),
    # Holes.
    "a hole left out": (
        ANY, lambda q: replace(q.plan, holes=()),
        r"room {hole} is blocked in 0\.0 % of simulations only and is missing among those not blocked",
    ),
    "a hole twice": (
        ANY, lambda q: replace(q.plan, holes=q.plan.holes * 2),
        r"room {hole} is listed among those not blocked 2 times",
    ),
    "a silent room as a hole": (
        ANY, lambda q: replace(q.plan, holes=(*q.plan.holes, Hole("A1-landing", OPEN))),
        r"room A1-landing is listed among those not blocked, but it is blocked",
    ),
    "an unknown room as a hole": (
        ANY, lambda q: replace(q.plan, holes=(*q.plan.holes, Hole("A9-99", OPEN))),
        r"room A9-99 is listed among those not blocked and need not be blocked",
    ),
    # The planning model.
    "an unknown room claimed": (
        ANY, lambda q: claiming(q.plan, "A9-99"), r"claimed room A9-99: the site has no such room"
    ),
    "a room claimed twice": (
        ANY, lambda q: claiming(q.plan, q.plan.claimed[0].room), r"room {claimed} is claimed 2 times"
    ),
    "one room more in the model": (
        ANY, lambda q: replace(q.plan, rooms_model=q.plan.rooms_model + 1),
        r"rooms in the planning model: the plan says {model_more}, its attempt {model}, and {model} are claimed",
    ),
    "more reserve taken off than may be": (
        ANY, lambda q: reserved(q.plan, -12.5), r"claimed room {claimed}: reserve -12\.5 dB \(expected −12 to 12\)"
    ),
    "a reserve that is no number": (
        ANY, lambda q: reserved(q.plan, float("nan")), r"claimed room {claimed}: reserve is nan, no finite number"
    ),
    "a slack that is no number": (
        ANY, lambda q: attempt_of(q.plan, slack_db=float("nan")), r"the attempt's slack is nan, no finite number"
    ),
    "a value that is no number": (
        ANY, lambda q: replace(q.plan, value=float("nan")), r"the plan's value is nan, no finite number"
    ),
    "a bound without end": (
        ANY, lambda q: replace(q.plan, bound=float("inf")), r"the plan's bound is inf, no finite number"
    ),
    "margins of certainty": (
        ANY,
        lambda q: attempt_of(q.plan, confidence=1.0),
        r"the attempt's confidence is 1 \(expected 0, or 0.5 to 0.999\)",
    ),
    "limits moved too far": (
        ANY, lambda q: attempt_of(q.plan, slack_db=18.5), r"limits are moved by 18\.5 dB \(expected 0 to 18\)"
    ),
    "limits moved the other way": (
        ANY, lambda q: attempt_of(q.plan, slack_db=-0.5), r"limits are moved by -0\.5 dB \(expected 0 to 18\)"
    ),
    "more value": (
        ANY, lambda q: replace(q.plan, value=q.plan.value + 1),
        r"value: the plan says {value_more}, what it is judged by is {value}",
    ),
    "no value": (
        ANY, lambda q: replace(q.plan, value=None), r"value: the plan says None, what it is judged by is {value}"
    ),
    "a bound below the value": (
        ANY, lambda q: replace(q.plan, bound=q.plan.value - 1, gap=0.0, status="optimal"),
        r"bound and gap are .* and 0\.0",
    ),
    "a gap without a bound": (ANY, lambda q: replace(q.plan, gap=0.0), r"bound and gap are None and 0\.0"),
    "a bound of a plan that may be bettered": (
        ANY, lambda q: replace(q.plan, bound=q.plan.value, gap=0.0, status="optimal"),
        r"bound .*: the plan buys something and may not be the best",
    ),
    "the best by its own word": (
        ANY, lambda q: replace(q.plan, status="optimal"), r"status is optimal with a bound of None"
    ),
    "an attempt that was not made": (
        ANY, lambda q: replace(q.plan, chosen=7), r"the plan is attempt 7 of {attempts}: there is no such attempt"
    ),
}  # fmt: skip

# Lies that break a rule in several ways or on several channels: every line names the thing.
SEVERAL_LINES: dict[str, tuple[Scenario, Lie, tuple[str, ...]]] = {
    "moved by two metres": (
        RICH, lambda q: q.with_devices(replace(q.bought[0], x_m=q.bought[0].x_m + 2.0), *q.bought[1:]),
        (r"device {first} stands at none of the places",
         r"claimed room {claimed}: \S+ works at \d+ test points"),
    ),
    "turned down by 9 dB": (
        ANY, lambda q: q.with_devices(replace(q.bought[0], power_dbm=q.bought[0].power_dbm - 9.0), *q.bought[1:]),
        (r"claimed room {claimed}: EE/B20/LTE .* 6\.\d+ dB are missing",
         r"claimed room {claimed}: O2/B8/LTE .* 6\.\d+ dB are missing"),
    ),
    "its mesh left out": (
        ANY, lambda q: q.restated(treatments=q.plan.treatments[1:]),
        (r"claimed room {meshed_room}: EE/B20", r"claimed room {meshed_room}: O2/B8"),
    ),
    "1 dB above the catalogue": (
        ANY, lambda q: q.with_devices(replace(q.bought[0], power_dbm=11.0, trim_db=()), *q.bought[1:]),
        (r"device {first}: EE/B20/LTE at 11 dBm",
         r"device {first}: O2/B8/LTE at 11 dBm"),
    ),
    "a room that is not silent claimed": (
        ANY, lambda q: claiming(q.plan, q.hole),
        (r"claimed room {hole}: EE/B20/LTE works at 7 test points; at the window", r"claimed room {hole}: O2/B8/LTE"),
    ),
    "more reserve than may be": (
        ANY, lambda q: reserved(q.plan, 12.5),
        (r"claimed room {claimed}: reserve 12\.5 dB", r"claimed room {claimed}: \S+ works"),
    ),
    "two at one place": (
        RICH, lambda q: q.with_devices(*q.bought, q.device(q.landing, "twin", power_dbm=-40.0)),
        (r"plan: twin: stands where '{landing}'",
         r"devices {landing} and twin stand at one place",
         r"devices {landing} and twin are 0\.00 m apart"),
    ),
    "a window that is treated already": (
        TREATED, lambda q: q.plan,
        (r"window {meshed} is treated by the scenario already", r"capex: ", r"opex a year: ",
         r"whole-life cost: ", r"net present value: ", r"cost of the chosen attempt: "),
    ),
    "a strong device at the broken window": (
        RICH, lambda q: q.with_devices(*q.bought, q.device("A1-02-window", "strong", "room_jammer")),
        (r"\d+ m outside, [\w-]+: EE/B20/LTE: the sum of all blockers is .* of slack, strong being the loudest, and",
         r"\d+ m outside, [\w-]+: O2/B8/LTE: the sum of all blockers is .* of slack, strong being the loudest, and"),
    ),
}  # fmt: skip
