"""T-16: each stream, each system and one parent of many is broken in turn; all others come byte for byte as in a clean run."""

from __future__ import annotations

import socket
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests import isolation
from tests.auditor import EVERY_STREAM, differences
from tests.isolation import KINDS, PARENTS, SYSTEMS
from tests.running import settings_for, sync
from tests.sandbox import Fault, Sandbox, World

if TYPE_CHECKING:
    from tests.running import Outcome

clean_run = cache(isolation.clean_run)

# Each stream fails in one way, and each way is met by some streams; `python -m tests.isolation` tries all ways on each.
SAMPLE = [(stream, KINDS[number % len(KINDS)]) for number, stream in enumerate(EVERY_STREAM)]


@pytest.mark.parametrize("concurrency", [1, 8])
def test_t16_a_clean_run_is_like_another_one_byte_for_byte(concurrency: int) -> None:
    runs = [isolation.clean_run(number, is_full=is_full) for number in (concurrency, 1) for is_full in (False, True)]
    assert {run.code for run in runs} == {0}
    assert isolation.differences(runs[0], runs[2], EVERY_STREAM) == []
    assert isolation.differences(runs[1], runs[3], EVERY_STREAM) == []
    assert len(isolation.lines(runs[1], EVERY_STREAM)) > len(isolation.lines(runs[0], EVERY_STREAM)) > 100


@pytest.mark.parametrize(("stream", "kind"), SAMPLE)
def test_t16_what_one_stream_suffers_no_other_feels(stream: str, kind: str) -> None:
    concurrency = 1 if len(stream) % 2 else 8
    assert isolation.feels(clean_run(concurrency, is_full=True), stream, kind, concurrency, is_full=True) == []


@pytest.mark.parametrize("down", ["hiringcenter", "prospectb2b"])
@pytest.mark.parametrize("how", ["refused", "401", "500", "reset", "html", "429 for a day"])
def test_t16_a_system_that_is_down_costs_nothing_of_the_other(down: str, how: str) -> None:
    with Sandbox(isolation.world()) as sandbox:
        settings = settings_for(sandbox)
        if how == "refused":
            with socket.socket() as free:
                # Nobody listens where a socket was and is closed again.
                free.bind(("127.0.0.1", 0))
                settings[f"{down}_api_url"] = f"http://127.0.0.1:{free.getsockname()[1]}/v2"
        else:
            faults = {
                "reset": Fault("reset", system=down, times=None),
                "html": Fault("html", system=down, times=None),
                "429 for a day": Fault("status", system=down, status=429, headers={"Retry-After": "86400"}, times=None),
            }
            sandbox.inject(faults.get(how) or Fault("status", system=down, status=int(how), times=None))
        broken = sync(settings, *EVERY_STREAM)
    assert broken.code == 1
    assert {broken.status(stream) for stream in EVERY_STREAM if SYSTEMS[stream] == down} == {"failed"}
    assert isolation.differences(clean_run(8), broken, [stream for stream in EVERY_STREAM if SYSTEMS[stream] != down]) == []


# How many parents of each kind there are, and the setting that gives each of them a child.
MANY = {
    "leads": ("leads", ("activities_per_lead", "messages_per_lead")),
    "campaigns": ("campaigns", ("logs_per_campaign", "runs_per_campaign", "events_per_run")),
    "exports": ("exports", ()),
    "imports": ("imports", ("errors_per_import",)),
    "inbox_threads": ("inbox_threads", ("messages_per_thread",)),
    "jobs": ("jobs", ("events_per_job",)),
    "prospector_workflows": ("prospector_workflows", ("runs_per_workflow", "results_per_run")),
    "webhooks": ("webhooks", ("deliveries_per_webhook",)),
}


@pytest.mark.parametrize("child", PARENTS)
def test_t16_one_parent_that_is_broken_costs_its_own_children_alone(child: str) -> None:
    concurrency = 1 if len(child) % 2 else 8
    root = next(one for one in MANY if child in isolation.below(one))
    family = [stream for stream in EVERY_STREAM if stream in isolation.below(root)]
    name, children = MANY[root]
    with Sandbox(World(seed=3, size=5, **{name: 40, **dict.fromkeys(children, 1)})) as sandbox:
        clean = sync(settings_for(sandbox, max_concurrency=concurrency), *family)
        parents = [row["id"] for row in sandbox.truth(PARENTS[child])]
        broken = {404: parents[7], 403: parents[17], 500: parents[27], 200: parents[37]}
        for status, parent in broken.items():
            action: Fault = Fault("status", stream=child, path=f"/**{parent}/*", status=status, times=None)
            odd = Fault("body", stream=child, path=f"/**{parent}/*", body={"odd": []}, times=None)
            sandbox.inject(odd if status == 200 else action)
        run = sync(settings_for(sandbox, max_concurrency=concurrency), *family)
        assert run.code == 1
        assert clean.code == 0
        assert differences(sandbox, [clean], family) == []
        assert_only_children_of(set(broken.values()), child, clean, run)
        untouched = [stream for stream in family if stream not in isolation.below(child)]
        assert isolation.differences(clean, run, untouched) == []


def assert_only_children_of(parents: set[str], child: str, clean: Outcome, run: Outcome) -> None:
    """Hold the records of a child stream, and of those below it, against those of a clean run without some parents."""
    for stream in isolation.below(child):
        wanted = [record for record in clean.records(stream) if not parents & {value for value in record.values() if isinstance(value, str)}]
        if stream != child:
            lost = {record["id"] for record in clean.records(child)} - {record["id"] for record in run.records(child)}
            wanted = [record for record in wanted if not lost & {value for value in record.values() if isinstance(value, str)}]
        assert run.records(stream) == wanted
        assert 0 < len(wanted) < len(clean.records(stream))
