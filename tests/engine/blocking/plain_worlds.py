"""Levels of both sides in every world in plain numpy, float64: the second road to what the kernels work out.

Sizes and shares of the errors are written here once more, by hand; only the standard normals and uniforms are those
of the product, looked up by what they belong to, so that every world can be compared.
"""

import math

import numpy as np

from quietwing.coverage.blocking.worlds import Part, normals, uniforms


def power(level_db):
    return 10 ** (np.asarray(level_db, float) / 10)


class Plain:
    """The worlds of one model and seed."""

    def __init__(self, model, worlds: int, seed: int, local_db: float = 4.0, device_db: float = 1.0):
        self.model, self.worlds, self.seed = model, worlds, seed
        self.local_db, self.device_db = local_db, device_db
        self.numbers = [int(band) for band in model.bands]
        self.mhz = [min(c.freq_mhz for c in model.carriers if c.band == band) for band in model.bands]

    def normal(self, part, *owner):
        return normals(self.seed, part, self.worlds, *(int(key) for key in owner)).astype(float)

    def uniform(self, owner):
        return uniforms(self.seed, Part.LOS, self.worlds, int(owner))

    def sector(self, s):
        """0.8 of the variance is the mast's and operator's, 0.2 the sector's own."""
        mast = self.normal(Part.MAST, self.model.mast_key[s])
        return math.sqrt(0.8) * mast + math.sqrt(0.2) * self.normal(Part.SECTOR, self.model.sector_key[s])

    def construction(self, k, band):
        """0.7 of the variance is the construction's at all bands, 0.3 its own of the band."""
        key = self.model.construction_key[k]
        of_band = self.normal(Part.CONSTRUCTION_BAND, key, self.numbers[band])
        return math.sqrt(0.7) * self.normal(Part.CONSTRUCTION, key) + math.sqrt(0.3) * of_band

    def walls(self, crossed, walls_db, band):
        """Σ k σ z, scaled down where √Σ(kσ)² is above 6 dB, 7 dB below 1 GHz; passive."""
        sizes = np.asarray(crossed, float) * self.model.construction_sigma_db[:, band]
        width = math.sqrt(float((sizes**2).sum()))
        most = 7.0 if self.mhz[band] < 1000 else 6.0
        total = np.zeros(self.worlds)
        for k in np.flatnonzero(sizes):
            total += sizes[k] * self.construction(k, band)
        return np.minimum(total * (most / width if width > most else 1.0), float(walls_db))

    def two_ways(self, ruling, straight, share, band):
        """The way that rules and the straight ray, their powers added; each is (crossed, walls)."""
        walled = self.walls(*ruling, band)
        if share > 0:
            walled = 10 * np.log10((1 - share) * power(walled) + share * power(self.walls(*straight, band)))
        return walled

    def room(self, room_key, band):
        """What all sources in a room share: a quarter of the local variance, half of it at all bands."""
        size = self.local_db * math.sqrt(0.25 * 0.5)
        of_band = self.normal(Part.ROOM_BAND, room_key, self.numbers[band])
        return size * (self.normal(Part.ROOM, room_key) + of_band)

    def own(self, source_key, room_key, band):
        """What one source has for itself in a room: three quarters, half of it at all bands."""
        size = self.local_db * math.sqrt(0.75 * 0.5)
        of_band = self.normal(Part.SOURCE_ROOM_BAND, source_key, room_key, self.numbers[band])
        return size * (self.normal(Part.SOURCE_ROOM, source_key, room_key) + of_band)

    def signal(self, public, point, carrier, room_key, *, boosted):
        """The strongest sector of a carrier in each world. [dBm]"""
        model, band = self.model, int(self.model.carrier_band[carrier])
        mine = np.flatnonzero(model.sector_carrier == carrier)
        boost = [3.0 if boosted and model.sectors[s].technology == "LTE" else 0.0 for s in range(len(model.sectors))]
        boost = np.where(model.calibration.measured, 0.0, boost)
        medians = {s: max(public.los_dbm[s, point], public.nlos_dbm[s, point]) + boost[s] for s in mine}
        found = np.full(self.worlds, -np.inf)
        for s in mine:
            clear = np.full(self.worlds, public.fixed_los[s] == 1)
            if public.fixed_los[s] < 0:
                clear = self.uniform(public.los_key[s, point]) < public.los_probability[s, point]
            level = np.where(clear, public.los_dbm[s, point], public.nlos_dbm[s, point]).astype(float) + boost[s]
            level += public.sigma_db[s, point] * self.sector(s) + self.room(room_key, band)
            level += self.two_ways(
                (public.paths.crossed[s, point], public.paths.walls_db[s, point]),
                (public.paths.straight_crossed[s, point], public.paths.straight_walls_db[s, point]),
                public.paths.straight_share[s, point],
                band,
            )
            if medians[s] >= max(medians.values()) - 20:
                level += self.own(model.source_key[s], room_key, band)
            found = np.maximum(found, level)
        return found

    def devices(self, blockers, point, carrier, room_key):
        """Errors of each device on a carrier, (device, world). [dB]"""
        band, rows = int(self.model.carrier_band[carrier]), []
        for d, key in enumerate(blockers.device_key):
            error = self.device_db * self.normal(Part.DEVICE, key) + self.room(room_key, band)
            error += self.two_ways(
                (blockers.paths.crossed[d, point], blockers.paths.walls_db[d, point, band]),
                (blockers.paths.straight_crossed[d, point], blockers.paths.straight_walls_db[d, point, band]),
                blockers.paths.straight_share[d, point, band],
                band,
            )
            rows.append(error + self.own(key, room_key, band))
        return np.array(rows).reshape(len(blockers.device_key), self.worlds)

    def outside(self, public, blockers, point, carrier, room_key):
        """Signal, sum of all blockers and strongest managed-access cell of a carrier in each world. [dBm]"""
        error = self.devices(blockers, point, carrier, room_key)
        with np.errstate(divide="ignore"):
            jam = 10 * np.log10(power(blockers.level_dbm[:, carrier, point, None] + error).sum(axis=0))
        cell = (blockers.mas_dbm[:, carrier, point, None] + error).max(axis=0)
        return self.signal(public, point, carrier, room_key, boosted=False), jam, cell


class Fresh(Plain):
    """Worlds of numpy's own random numbers: they share no draw with the product."""

    def __init__(self, model, worlds: int, seed: int, **sizes: float):
        super().__init__(model, worlds, seed, **sizes)
        self.rng, self.drawn = np.random.default_rng(seed), {}

    def normal(self, part, *owner):
        key = (part, *(int(each) for each in owner))
        if key not in self.drawn:
            self.drawn[key] = self.rng.standard_normal(self.worlds)
        return self.drawn[key]

    def uniform(self, owner):
        if ("sight", owner) not in self.drawn:
            self.drawn["sight", owner] = self.rng.random(self.worlds)
        return self.drawn["sight", owner]

    def forget_room(self):
        """Let go of what belongs to single rooms; rooms come one after the other."""
        local = (Part.ROOM, Part.ROOM_BAND, Part.SOURCE_ROOM, Part.SOURCE_ROOM_BAND)
        self.drawn = {key: values for key, values in self.drawn.items() if key[0] not in local}


# Of each grade: J/S that denies, search margin by width (200 kHz, below 20 MHz, 20 MHz), J/S more against one alone.
PLANNING = ({"GSM": 3, "UMTS": 18, "LTE": 6, "NR": 8}, (10, 6, 4), 0.0)
EVIDENCE = ({"GSM": 3, "UMTS": 20, "LTE": 10, "NR": 12}, (17, 10, 7), 3.0)
FLOOR = {"GSM": (-108, 200, 9), "UMTS": (-115, 3840, -15), "LTE": (-128, 15, 0), "NR": (-128, 15, 0)}  # floor, kHz, γ


def works(signal, level_dbm, mas_dbm, is_mas, error, carrier, grade):
    """Worlds in which a carrier is usable, from the signal and each device's level and error."""
    deny, search, alone_db = grade
    floor, khz, gamma = FLOOR[carrier.technology]
    if carrier.technology == "NR" and carrier.freq_mhz > 2300:
        khz = 30
    wide = min(carrier.bandwidth_mhz, 7.2) if carrier.technology == "NR" else carrier.bandwidth_mhz
    search_db = search[0] if wide <= 0.2 else search[1] if wide < 20 else search[2]
    thermal = 10 * math.log10(1.380649e-23 * 290 * khz * 1e3 * 1e3)
    each = power(level_dbm[:, None] + error)
    total = each.sum(axis=0)
    loudest = each.max(axis=0) if len(each) else 0 * total
    share = 10 ** (-alone_db / 10)
    # one source alone counts 3 dB less, two that are alike whole, and nothing between more than whole
    counted = np.minimum(total, share * total + 2 * (1 - share) * (total - loudest))
    denied = counted + power(thermal + 5) >= power(deny[carrier.technology] + search_db) * power(signal)
    cell = power(mas_dbm[:, None] + error).max(axis=0) if len(each) else 0 * total
    unwanted = each[~is_mas].sum(axis=0) + power(thermal + 9)
    captured = (cell >= power(3 + search_db) * power(signal)) & (cell >= power(floor))
    captured &= cell >= power(gamma) * unwanted
    return (signal >= floor - 5) & ~denied & ~captured


def silent_rooms(worlds, points, public, blockers):
    """Silent or not at planning and at evidence grade, (grade, room, world), and the rooms."""
    model, rooms = worlds.model, np.unique(points.room)
    silent = np.ones((2, len(rooms), worlds.worlds), bool)
    campable = {sector.channel: sector.campable for sector in model.sectors}
    for row, room in enumerate(rooms.tolist()):
        for point in np.flatnonzero(points.room == room).tolist():
            error: dict[int, np.ndarray] = {}
            for c, carrier in enumerate(model.carriers):
                if not campable[carrier.channel]:
                    continue
                signal, band = worlds.signal(public, point, c, room, boosted=True), int(model.carrier_band[c])
                if band not in error:
                    error[band] = worlds.devices(blockers, point, c, room)
                given = (blockers.level_dbm[:, c, point], blockers.mas_dbm[:, c, point], blockers.is_mas, error[band])
                for g, grade in enumerate((PLANNING, EVIDENCE)):
                    silent[g, row] &= ~works(signal, *given, carrier, grade)
        if isinstance(worlds, Fresh):
            worlds.forget_room()
    return silent, rooms


# Of each grade outside: ratio at the median and in most worlds, share of worlds
TIERS = ((10.0, 0.0, 0.90), (20.0, 10.0, 0.95))


def broken_outside(worlds, public, blockers, places):
    """Share of worlds in which each ratio of each grade is broken, (grade, ratio, channel, place)."""
    model = worlds.model
    found = np.zeros((2, 2, len(model.channels), places))
    for place in range(places):
        for channel in range(len(model.channels)):
            signal, jam = np.full(worlds.worlds, -np.inf), np.full(worlds.worlds, -np.inf)
            for c in np.flatnonzero(model.carrier_channel == channel):
                one, other, _ = worlds.outside(public, blockers, place, c, place)
                signal, jam = np.maximum(signal, one), np.maximum(jam, other)
            khz = FLOOR[model.carriers[c].technology][1]
            noise_dbm = 10 * math.log10(1.380649e-23 * 290 * khz * 1e3 * 1e3) + 9
            for g, (median_db, share_db, _) in enumerate(TIERS):
                for row, below_db in enumerate((median_db, share_db)):
                    found[g, row, channel, place] = np.mean(jam > np.maximum(signal - below_db, noise_dbm - 6))
        worlds.forget_room()
    return found
