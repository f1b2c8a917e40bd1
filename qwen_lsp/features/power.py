"""Whether this machine has power to spare for work that nobody asked for."""

import time
from typing import Any

import psutil

# The load average counts our own engine too, which keeps at most every core busy.
_BUSY_LOAD_PER_CORE = 2.0
_REMEMBERED_SECONDS = 10.0


class _Power:
    """The last look at the battery and the load; a look costs up to a millisecond."""

    def __init__(self) -> None:
        self._looked = -_REMEMBERED_SECONDS
        self._spare = True

    def has_spare(self) -> bool:
        now = time.monotonic()
        if now - self._looked >= _REMEMBERED_SECONDS:
            self._looked = now
            self._spare = not on_battery() and not is_busy()
        return self._spare


def on_battery() -> bool:
    """Say whether the machine runs on its battery; what is not known counts as no."""
    look: Any = getattr(psutil, "sensors_battery", None)  # not on every platform
    try:
        battery = look() if look is not None else None
    except (OSError, psutil.Error):
        return False
    return battery is not None and battery.power_plugged is False


def is_busy() -> bool:
    """Say whether more programs want the cores than there are, beside our own."""
    load, _, _ = psutil.getloadavg()
    return load > _BUSY_LOAD_PER_CORE * (psutil.cpu_count() or 1)


has_spare_power = _Power().has_spare
