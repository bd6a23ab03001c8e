"""What every test gets: no screen, and a dressed application for those that want Qt."""

from __future__ import annotations

import os

# before anything imports Qt
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1")
