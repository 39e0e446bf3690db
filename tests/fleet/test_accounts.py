"""Accounts have names that can be used everywhere, keys that go to nobody else, and a lock each."""

from __future__ import annotations

import json
import re

import pytest
from hiringcenter_runs.accounts import AccountError, checked, keys_of, lock_of, name_of

from tests.fleet.places import EXAMPLE


def test_a_list_of_names_is_taken_as_it_is() -> None:
    assert checked(["acme", "globex_2"]) == ["acme", "globex_2"]


@pytest.mark.parametrize(
    "names",
    [
        None,
        {"acme": 1},
        "acme",
        [1],
        ["Acme"],
        ["2acme"],
        ["../acme"],
        ["a" * 41],
        ["acme\n"],
        ["acme-2"],
        [""],
        ["acme", "globex", "acme"],
    ],
)
def test_anything_else_is_refused(names: object) -> None:
    with pytest.raises(AccountError):
        checked(names)


def test_a_schema_name_is_not_cut_off() -> None:
    assert len(name_of("a" * 40)) < 64


def test_locks_are_numbers_of_postgresql_and_one_for_each_account() -> None:
    locks = {lock_of(name) for name in ("acme", "globex", "acme2")}

    assert len(locks) == 3
    assert all(-(2**63) <= lock < 2**63 for lock in locks)
    assert lock_of("acme") == lock_of("acme")


def test_keys_become_what_the_project_reads() -> None:
    assert keys_of({"hiringcenter_api_key": "one", "prospectb2b_api_key": "two", "note": "no key"}) == {
        "HIRINGCENTER_API_KEY": "one",
        "PROSPECTB2B_API_KEY": "two",
    }
    # A variable that is empty would be an empty key.
    assert keys_of({"hiringcenter_api_key": "", "prospectb2b_api_key": "two"}) == {"PROSPECTB2B_API_KEY": "two"}
    project = (EXAMPLE.parent / "meltano" / "meltano.yml").read_text(encoding="utf-8")
    assert set(keys_of({"hiringcenter_api_key": "one", "prospectb2b_api_key": "two"})) == set(re.findall(r"\$(\w+_API_KEY)", project))


def test_without_a_key_there_is_no_run() -> None:
    with pytest.raises(AccountError, match="neither"):
        keys_of({"hiringcenter_key": "misspelt"})


def test_the_example_lists_belong_together() -> None:
    names = checked(json.loads((EXAMPLE / "variables.json").read_text(encoding="utf-8"))["hiringcenter_accounts"])
    connections = json.loads((EXAMPLE / "connections.json").read_text(encoding="utf-8"))

    assert set(connections) == {"hiringcenter_warehouse", "hiringcenter_meltano", *map(name_of, names)}
    for name in names:
        assert set(keys_of(connections[name_of(name)]["extra"]).values()) == {"..."}
