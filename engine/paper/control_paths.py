"""Where the exchange's own controls are: under a path that no venue has."""

from __future__ import annotations

CONTROL_PATHS = "/paper/"  # no fault is played to what begins so
FAULTS_PATH = f"{CONTROL_PATHS}v1/faults"
REPLAY_PATH = f"{CONTROL_PATHS}v1/replay"
