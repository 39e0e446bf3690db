"""What is written into ProspectB2B as a file, or asked of it as one: imports and exports, which are jobs."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Any

from target_hiringcenter.fields import Field, anything, body_of, boolean, names, objects, require, text
from target_hiringcenter.sinks.base import DELETED_AT
from target_hiringcenter.sinks.looks import Trait, look_for
from target_hiringcenter.sinks.prospectb2b import ProspectB2BSink
from target_hiringcenter.writes import Form, RejectedError, Write

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from target_hiringcenter.writes import Row


def file_data(value: object) -> str:
    """The text of a file: as it is, or of rows, which become CSV.

    Args:
        value: The text; or a list of objects, or JSON of one.

    Raises:
        RejectedError: It is neither, or has no rows.
    """
    try:
        rows = objects(value)
    except RejectedError:
        if isinstance(value, str):
            return text(value)
        raise
    header = list(dict.fromkeys(name for row in rows for name in row))
    if not header:
        msg = "has no rows"
        raise RejectedError(msg)
    made = io.StringIO()
    writer = csv.DictWriter(made, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(item) for name, item in row.items()} for row in rows)
    return made.getvalue()


def json_data(value: object) -> str:
    """The text of a file of JSON: as it is, or of rows.

    Args:
        value: The text, or a list of objects.

    Raises:
        RejectedError: It is neither.
    """
    return text(value) if isinstance(value, str) else json.dumps(objects(value), ensure_ascii=False)


def _cell(value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
    return json.dumps(anything(value), ensure_ascii=False) if isinstance(value, (bool, list, dict)) else value


_IMPORT = (Field("name", text), Field("file_name", text), Field("file_type", text))
_CSV = Field("file_data", file_data)
_JSON = Field("file_data", json_data)


class Imports(ProspectB2BSink):
    """Imports of leads from a file, followed until they have ended."""

    name = "imports"
    scopes = ("leads.import",)
    row_path = "/imports/{id}"
    reads = names((*_IMPORT, _CSV), DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        body = body_of(_IMPORT, columns)
        # Rows are JSON in a file that says that it is that, and CSV in any other.
        is_json = "json" in body.get("file_type", "").casefold()
        body.update(body_of((_JSON if is_json else _CSV,), columns))
        require(body, "name", "file_name", "file_type", "file_data")
        look = look_for("/imports", body, {"name": Trait(("name",)), "file_name": Trait(("file_name",))})
        return Form(create=Write("POST", "/imports", body, takes_key=True), look=look, locks=self.lock(look), follow=self.row_path)


_EXPORT = (Field("include_suppressed", boolean),)


class Exports(ProspectB2BSink):
    """Exports of leads, followed until they have ended. One is like another, so that an earlier attempt is known by its time alone."""

    name = "exports"
    scopes = ("leads.export",)
    row_path = "/exports/{id}"
    reads = names(_EXPORT, DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        look = look_for("/exports", {}, {})
        create = Write("POST", "/exports", body_of(_EXPORT, columns), takes_key=True)
        return Form(create=create, look=look, locks=self.lock(look), follow=self.row_path)
