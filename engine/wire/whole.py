"""Whole numbers as the venue has them: ids, times, counts. Larger ones fit no database."""

from __future__ import annotations

from typing import Annotated

import msgspec

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
