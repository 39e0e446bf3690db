"""Lies in the structure of answers: a run never believes them, goes on for ever, or forgets what the next run must bring."""

from __future__ import annotations

import pytest

from tests.auditor import EVERY_STREAM, differences
from tests.lies.every import LAYERS, WORST, lied_about
from tests.lies.kinds import KINDS, Kind
from tests.lies.points import some_points, wrong_at
from tests.lies.rule import broken_promises
from tests.running import settings_for, sync
from tests.sandbox import Fault, Sandbox, World


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_no_lie_about_a_kind_of_list_is_believed(kind: Kind) -> None:
    assert wrong_at(point for point in some_points() if point.kind is kind) == {}


@pytest.mark.parametrize("lie", WORST)
@pytest.mark.parametrize("layer", range(len(LAYERS)))
def test_each_of_all_streams_finds_the_worst_lies_out(layer: int, lie: str) -> None:
    with Sandbox(World(3, 4)) as sandbox:
        for stream in LAYERS[layer]:
            sandbox.inject(Fault("edit", stream=stream, edit=WORST[lie], times=None))
        run = sync(settings_for(sandbox), *EVERY_STREAM)
        above = [stream for streams in LAYERS[:layer] for stream in streams]
        assert broken_promises(run) == []
        assert differences(sandbox, [run], above) == []
        assert [stream for stream in above if run.status(stream) != "complete"] == []
        assert lied_about(sandbox, run, layer) == []
        sandbox.heal()
        again = sync(settings_for(sandbox), *EVERY_STREAM, state=run.state if run.states else None)
        assert again.code == 0
        assert differences(sandbox, [run, again], EVERY_STREAM) == []
