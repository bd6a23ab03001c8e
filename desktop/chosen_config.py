"""What a person chose in the window, over what config.yaml says. Pure."""

from __future__ import annotations

from desktop.models.preferences import Preferences
from desktop.models.settings import AS_CONFIGURED, INTERVAL, SETTINGS, Group
from engine.config import Config


def with_chosen_limits(config: Config, preferences: Preferences) -> Config:
    """Only what was chosen: everything else stays as the file says."""
    chosen = {
        row.key.replace(".", "__"): preferences.value_of(row)
        for row in SETTINGS
        if row.group is Group.RISK and preferences.is_chosen(row.key)
    }
    return config.with_values(**chosen) if chosen else config


def first_interval(config: Config, preferences: Preferences) -> str:
    chosen: str = preferences.value_of(INTERVAL)
    return str(config["desktop.interval"]) if chosen == AS_CONFIGURED else chosen
