"""Whether there is power to spare, with sensors that the test sets."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from qwen_lsp.features import power
from qwen_lsp.features.power import is_busy, on_battery

Sensors = Callable[[Any], None]


@pytest.fixture
def battery(monkeypatch: pytest.MonkeyPatch) -> Sensors:
    """Set what the sensors of the battery say; an exception is raised."""

    def say(found: Any) -> None:
        def look() -> Any:
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(psutil, "sensors_battery", look, raising=False)

    return say


def charged(plugged: bool | None) -> Any:
    return SimpleNamespace(percent=50, secsleft=1000, power_plugged=plugged)


@pytest.mark.parametrize(
    ("found", "is_on_battery"),
    [
        (None, False),
        (charged(plugged=True), False),
        (charged(plugged=False), True),
        (charged(plugged=None), False),
        (FileNotFoundError("/sys/class/power_supply"), False),
        (psutil.Error(), False),
    ],
    ids=["no battery", "plugged", "unplugged", "unknown", "no files", "an error"],
)
def test_the_battery_counts_where_it_is_known_to_be_used(
    battery: Sensors, found: Any, is_on_battery: bool
) -> None:
    battery(found)
    assert on_battery() is is_on_battery


def test_a_platform_without_sensors_is_not_on_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert on_battery() is False


@pytest.mark.parametrize(
    ("load", "cores", "busy"),
    [(0.0, 4, False), (7.9, 4, False), (8.1, 4, True), (2.1, None, True), (1.9, None, False)],
)
def test_a_machine_is_busy_when_more_wants_to_run_than_can(
    monkeypatch: pytest.MonkeyPatch, load: float, cores: int | None, busy: bool
) -> None:
    monkeypatch.setattr(psutil, "getloadavg", lambda: (load, 0.0, 99.0))
    monkeypatch.setattr(psutil, "cpu_count", lambda: cores)
    assert is_busy() is busy


class TestSparePower:
    @pytest.fixture(autouse=True)
    def idle(self, monkeypatch: pytest.MonkeyPatch, battery: Sensors) -> None:
        battery(None)
        monkeypatch.setattr(psutil, "getloadavg", lambda: (0.0, 0.0, 0.0))

    def test_is_there_on_an_idle_machine_with_a_plug(self) -> None:
        assert power._Power().has_spare()

    def test_is_not_there_on_battery(self, battery: Sensors) -> None:
        battery(charged(plugged=False))
        assert not power._Power().has_spare()

    def test_is_not_there_on_a_busy_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(psutil, "getloadavg", lambda: (999.0, 0.0, 0.0))
        assert not power._Power().has_spare()

    def test_is_looked_for_now_and_then(
        self, battery: Sensors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 0.0
        monkeypatch.setattr(power.time, "monotonic", lambda: now)
        found = power._Power()
        assert found.has_spare()
        battery(charged(plugged=False))
        now = 9.0
        assert found.has_spare()
        now = 11.0
        assert not found.has_spare()
