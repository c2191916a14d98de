"""What people bring from outside: walk tests and lists of masts, read into a site's own tables."""

from quietwing.sites.surveys.channel_numbers import frequency_mhz, gsm_mhz, lte_mhz, nr_mhz, umts_mhz
from quietwing.sites.surveys.walk_log import WalkImport, import_walk

__all__ = ["WalkImport", "frequency_mhz", "gsm_mhz", "import_walk", "lte_mhz", "nr_mhz", "umts_mhz"]
