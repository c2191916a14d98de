"""Readings taken on a site, fitted: shifts of walls and masts with the doubt left, and what to read next."""

from quietwing.coverage.calibration.fit import CalibrationFit, FittedShift, HeldOut, calibrate_site
from quietwing.coverage.calibration.next_readings import NextReading, NextReadings, next_readings

__all__ = [
    "CalibrationFit",
    "FittedShift",
    "HeldOut",
    "NextReading",
    "NextReadings",
    "calibrate_site",
    "next_readings",
]
