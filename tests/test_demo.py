"""The demo's comparison finds what it is there to find."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.demo.comparison import compare, rows_of

TRUTH = [
    {"id": "1", "prospectId": "p", "body": "", "mentions": [{"id": "u"}], "createdAt": 1717000000123},
    {"id": "2", "prospectId": "p", "body": "two", "createdAt": 1717000000000, "colour": "red"},
]


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE SCHEMA hiringcenter;
        CREATE TABLE hiringcenter.notes (
            id VARCHAR, prospectid VARCHAR, body VARCHAR, mentions JSON, createdat TIMESTAMP, additional_properties JSON, _sdc_batched_at TIMESTAMP
        );
        INSERT INTO hiringcenter.notes VALUES
            ('1', 'p', NULL, '[{"id": "u"}]', '2024-05-29 16:26:40.123', NULL, now()),
            ('2', 'p', 'two', NULL, '2024-05-29 16:26:40', '{"colour": "red"}', now());
        """
    )
    return connection


def _rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows_of(connection, "hiringcenter", "notes")


def test_the_same_rows_are_equal(warehouse: duckdb.DuckDBPyConnection) -> None:
    comparison = compare("notes", TRUTH, _rows(warehouse))

    assert comparison.differences == []
    assert comparison.is_equal


@pytest.mark.parametrize(
    ("accident", "difference"),
    [
        ("DELETE FROM hiringcenter.notes WHERE id = '1'", ["('1',) is missing"]),
        ("INSERT INTO hiringcenter.notes (id) VALUES ('3')", ["('3',) is too many"]),
        ("UPDATE hiringcenter.notes SET id = '3' WHERE id = '2'", ["('2',) is missing", "('3',) is too many"]),
        ("UPDATE hiringcenter.notes SET body = 'too' WHERE id = '2'", ["('2',) differs in body"]),
        ("UPDATE hiringcenter.notes SET createdat = createdat + INTERVAL 1 MILLISECOND WHERE id = '1'", ["('1',) differs in createdAt"]),
        ("UPDATE hiringcenter.notes SET additional_properties = NULL", ["('2',) differs in additional_properties"]),
        ("ALTER TABLE hiringcenter.notes DROP COLUMN mentions", ["('1',) differs in mentions"]),
        ("DROP TABLE hiringcenter.notes", ["('1',) is missing", "('2',) is missing"]),
    ],
)
def test_a_difference_is_found(warehouse: duckdb.DuckDBPyConnection, accident: str, difference: list[str]) -> None:
    warehouse.execute(accident)

    comparison = compare("notes", TRUTH, _rows(warehouse))

    assert comparison.differences == difference
    assert not comparison.is_equal


def test_a_row_that_is_there_twice_is_a_difference(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("INSERT INTO hiringcenter.notes SELECT * FROM hiringcenter.notes WHERE id = '1'")

    assert not compare("notes", TRUTH, _rows(warehouse)).is_equal
