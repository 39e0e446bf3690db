"""A strict local server that plays the three APIs, written from their documents alone."""

from __future__ import annotations

from tests.sandbox.account import ABSENT
from tests.sandbox.calls import LoggedRequest
from tests.sandbox.faults import Fault
from tests.sandbox.sandbox import Sandbox
from tests.sandbox.variant import Limits, Variant
from tests.sandbox.world import World

__all__ = ["ABSENT", "Fault", "Limits", "LoggedRequest", "Sandbox", "Variant", "World"]
