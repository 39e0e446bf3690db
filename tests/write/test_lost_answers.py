"""G-03, G-09: the server writes and its answer is lost, is late, or says that the server is in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.effects import violations
from tests.effects.example import KEY_PROPERTIES, RECORDS, Player
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from pathlib import Path

# Each write that the example's input leads to, as the path that it goes to.
WRITES = [
    ("POST", "/prospects"),
    ("POST", "/meetings"),
    ("POST", "/notes"),
    ("POST", "/tasks"),
    ("POST", "/leads/bulk"),
    ("POST", "/campaigns"),
    ("PATCH", "/campaigns/*"),
    ("POST", "/campaigns/*/publish"),
    ("POST", "/prospector/workflows"),
    ("POST", "/prospector/workflows/*/run"),
    ("POST", "/webhooks"),
    ("POST", "/webhooks/*/deliveries/*/retry"),
    ("POST", "/support/tickets"),
    ("POST", "/imports"),
    ("POST", "/exports"),
    ("POST", "/crm/prospect"),
    ("PATCH", "/crm/prospect"),
]
LOSSES = {
    "connection": Fault("lost"),
    "504": Fault("lost", status=504),
    "in the middle": Fault("reset_body"),
    "twice": Fault("lost", times=2),
}


@pytest.mark.parametrize("idempotency", ["honoured", "ignored"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_g03_an_answer_that_is_lost_doubles_nothing(method: str, path: str, loss: str, idempotency: str, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=4), variant=Variant(idempotency=idempotency)) as server:  # type: ignore[arg-type]  # one of its two words
        player = Player(server)
        given = player.input()
        kind = LOSSES[loss]
        fault = server.inject(Fault(kind.action, path=path, method=method, status=kind.status, times=kind.times))
        outcome = write(settings_for(server, tmp_path), messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES))
        assert fault.played
        assert outcome.rejects == []
        assert outcome.code == 0
        assert violations(server, player.before, *given) == []


@pytest.mark.parametrize("stream", RECORDS)
def test_g09_trouble_that_passes_costs_nothing(stream: str, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=4)) as server:
        player = Player(server)
        given = player.input()
        server.inject(Fault("status", stream=stream, status=503, times=3))
        server.inject(Fault("status", stream=stream, status=429, times=12, headers={"Retry-After": "0"}))
        outcome = write(settings_for(server, tmp_path), messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES))
        assert outcome.rejects == []
        assert violations(server, player.before, *given) == []
