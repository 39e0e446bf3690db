"""The catalog: what users choose from. A change of it is a diff that someone reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tap_hiringcenter.streams import STREAMS
from tap_hiringcenter.tap import TapHiringcenter
from tests.auditor import EVERY_STREAM

if TYPE_CHECKING:
    from tests.sandbox import Sandbox

SNAPSHOT = Path(__file__).parent / "catalog.json"


def test_the_catalog_is_the_one_that_was_agreed_on() -> None:
    """Run with UPDATE_SNAPSHOTS=1 to agree on another one."""
    found = TapHiringcenter(setup_mapper=False).catalog_json_text + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert json.loads(found) == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_every_schema_file_has_its_stream() -> None:
    assert sorted(stream.name for stream in STREAMS) == sorted(EVERY_STREAM)


def test_without_a_key_discovery_asks_nobody(sandbox: Sandbox) -> None:
    config = {name: value for name, value in sandbox.tap_config().items() if not name.endswith("_key")}
    assert len(TapHiringcenter(config=config, setup_mapper=False).streams) == 39
    assert sandbox.requests == []


def test_with_keys_discovery_asks_for_the_scopes_once(sandbox: Sandbox) -> None:
    sandbox.scopes.discard("leads.read")
    names = set(TapHiringcenter(config=sandbox.tap_config()).streams)
    # messages.read is there, but without leads.read there are no leads to ask for messages of.
    assert set(EVERY_STREAM) - names == {"leads", "lead_activities", "lead_messages"}
    assert [request.path for request in sandbox.requests] == ["/me"]


def test_a_key_that_does_not_tell_its_scopes_leaves_nothing_out(sandbox: Sandbox) -> None:
    sandbox.scopes.discard("me.read")
    assert set(TapHiringcenter(config=sandbox.tap_config()).streams) == set(EVERY_STREAM)
