from .fit import CalibrationFit as CalibrationFit
from .fit import FittedShift as FittedShift
from .fit import HeldOut as HeldOut
from .fit import calibrate_site as calibrate_site
from .next_readings import NextReading as NextReading
from .next_readings import NextReadings as NextReadings
from .next_readings import next_readings as next_readings
