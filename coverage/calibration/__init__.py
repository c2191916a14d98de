"""Readings taken on a site, fitted: shifts of walls and masts with the doubt that is left."""

from quietwing.coverage.calibration.fit import CalibrationFit, FittedShift, HeldOut, calibrate_site

__all__ = ["CalibrationFit", "FittedShift", "HeldOut", "calibrate_site"]
