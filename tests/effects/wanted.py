"""What a record asks of the row behind it: the facts of the twelve sinks, from the documents and written without looking at the target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sandbox.hiringcenter_writes import keeps_phone
from tests.sandbox.rows import STAGES
from tests.sandbox.times import position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.sandbox import Variant

Record = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What is fixed about one sink.

    Attributes:
        fields: Names in a record, each with the name under which the server keeps its value.
        moments: Kept names whose values are times.
        references: Kept names that hold the id of a row of another stream.
        clearable: Names that the document says null clears.
        by_id: Whether a record may name a row of the account by its id.
        is_once: Whether rows are made and never changed: whichever version came first stays.
        server: Kept names that are the server's own affair.
        made: Kept names, and what the server gives to a new row that doesn't say.
    """

    fields: Mapping[str, str]
    moments: frozenset[str] = frozenset()
    references: Mapping[str, str] = field(default_factory=dict)
    clearable: frozenset[str] = frozenset()
    by_id: bool = False
    is_once: bool = False
    server: frozenset[str] = frozenset()
    made: Mapping[str, Any] = field(default_factory=dict)


def _same(text: str) -> dict[str, str]:
    return {name: name for name in text.split()}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MAKER = "createdBy createdByApi createdByApiKeyId createdByApiKeyName"
# A free-form body has no list of names; these are ours, the server's, or the pipeline's.
_NOT_THE_BODY = _set("id object created_at updated_at run additional_properties")

FACTS: dict[str, Facts] = {
    "prospects": Facts(
        {
            **_same("firstName lastName email phone title company labels licenseStatus notes streetAddress city state postalCode officeId"),
            **_same("sourceId newSourceName resume jobId userId currentStageId pipelineId"),
            "stageId": "currentStageId",
        },
        clearable=_set("email phone licenseStatus title company streetAddress city state postalCode officeId sourceId"),
        server=_set("message"),
        made={"currentStageId": STAGES[0][0], "currentStage": STAGES[0][1], "pipelineId": STAGES[0][2]},
    ),
    "meetings": Facts(
        {**_same("prospectId meetingDate timeZone meetingType ownerId location notes"), "userId": "createdBy"},
        moments=_set("meetingDate"),
        references={"prospectId": "prospects"},
        clearable=_set("location notes"),
        by_id=True,
        server=_set(f"{_MAKER} review"),
    ),
    "notes": Facts(
        {**_same("prospectId body userId mentions pin fileUrl"), "note": "body", "date": "createdAt"},
        moments=_set("createdAt"),
        references={"prospectId": "prospects"},
        is_once=True,
        server=_set(_MAKER),
    ),
    "tasks": Facts(
        {**_same("prospectId assignedTo task dueAt"), "assignTo": "assignedTo", "due": "dueAt", "userId": "createdBy"},
        moments=_set("dueAt"),
        references={"prospectId": "prospects"},
        is_once=True,
        server=_set(f"{_MAKER} assignedBy dueAt"),
    ),
    "leads": Facts(
        _same("full_name email phone company_name title location tags is_qualified column_id notes owner_user_id value_amount due_date"),
        moments=_set("due_date"),
    ),
    "campaigns": Facts(
        _same("prospector_workflow_id status"),
        references={"prospector_workflow_id": "prospector_workflows"},
        by_id=True,
        server=_set("enabled"),
        made={"status": "draft"},
    ),
    "prospector_workflows": Facts({}, by_id=True, made={"status": "active"}),
    "webhooks": Facts(
        _same("url description events"), by_id=True, server=_set("signing_secret signing_secret_prefix last_delivered_at disabled_at")
    ),
    "webhook_deliveries": Facts({}, by_id=True),
    "support_tickets": Facts(_same("subject body"), is_once=True, server=_set("status source")),
    "imports": Facts(
        _same("name file_name file_type file_data"),
        is_once=True,
        server=_set("status total_rows imported_rows error_count due polls"),
    ),
    "exports": Facts(
        {"include_suppressed": "is_suppressed_too"}, is_once=True, server=_set("status row_count file_key error_message due polls")
    ),
    "closershq_prospects": Facts(
        _same("email firstName lastName title bounced openedEmail replied isContacted unSubscribed otherAttribute"),
    ),
}  # fmt: skip
# An action that a record can ask for, the table whose rows count how often it happened, and the name of the parent's id in them.
ACTIONS = {
    "campaigns": ("publish", "campaign_runs", "campaign_id"),
    "prospector_workflows": ("run", "prospector_runs", "workflow_id"),
    "webhook_deliveries": ("retry", "", ""),
}
# What an action changes in the row itself.
_BY_ACTION = {"publish": _set("status enabled"), "retry": _set("status attempt_count last_attempted_at next_attempt_at")}


@dataclass(frozen=True)
class Version:
    """One record, as far as it asks for something.

    Attributes:
        key: Values of its key properties.
        record: The record itself.
        wanted: Kept names with the values that must hold.
        loose: Kept names with values that may hold, where documents or settings leave it open.
        is_deletion: Whether it asks for the row to go.
        acts: Whether it asks for its stream's action.
    """

    key: tuple[Any, ...]
    record: Record
    wanted: Row
    loose: tuple[tuple[str, Any], ...]
    is_deletion: bool
    acts: bool

    @property
    def email(self) -> str:
        """The e-mail, by which letters of any case are the same; empty when there is none."""
        return folded(self.record.get("email"))

    @property
    def phone(self) -> str:
        """The phone, likewise."""
        return folded(self.record.get("phone"))


def folded(value: object) -> str:
    """A text by which people are told apart."""
    return value.casefold() if isinstance(value, str) else ""


def read_version(stream: str, keys: Iterable[str], record: Record, *, clears: bool, variant: Variant) -> Version:
    """What a record asks for.

    Args:
        stream: Its stream.
        keys: Names of its key properties.
        record: The record.
        clears: Whether a null clears (`null_policy`).
        variant: How the server behaves.
    """
    facts = FACTS[stream]
    wanted: Row = {}
    loose: list[tuple[str, Any]] = []
    for name, value in record.items():
        kept = _kept_name(stream, name)
        if kept is None:
            continue
        if value == "":
            # Whether an empty text is a value or the lack of one is the target's choice.
            loose += [(kept, ""), (kept, None)]
        elif value is not None or (clears and name in facts.clearable and not variant.is_older(stream)):
            wanted[kept] = value
        elif clears:
            loose.append((kept, None))
    if stream == "exports":
        wanted.setdefault("is_suppressed_too", False)
    if stream == "prospects":
        _mind_prospect(record, wanted, loose)
    for name, value in (record.get("additional_properties") or {}).items():
        kept = _kept_name(stream, name)
        if kept and kept not in wanted:
            loose.append((kept, value))
    action = ACTIONS.get(stream, ("",))[0]
    key = tuple(record.get(name) for name in keys)
    return Version(key, record, wanted, tuple(loose), bool(record.get("_sdc_deleted_at")), record.get(action) is True)


def _kept_name(stream: str, name: str) -> str | None:
    if stream == "prospector_workflows":
        return None if name in _NOT_THE_BODY or name.startswith("_sdc_") else name
    return FACTS[stream].fields.get(name)


def _mind_prospect(record: Record, wanted: Row, loose: list[tuple[str, Any]]) -> None:
    if wanted.get("sourceId") and "newSourceName" in wanted:
        # Only used without the other.
        loose.append(("newSourceName", wanted.pop("newSourceName")))
    if record.get("stageId"):
        wanted["currentStageId"] = record["stageId"]
    if wanted.get("currentStageId"):
        # A stage beats a pipeline, and has one of its own.
        wanted["pipelineId"] = next((stage[2] for stage in STAGES if stage[0] == wanted["currentStageId"]), None)
    if isinstance(wanted.get("phone"), str) and not keeps_phone(wanted["phone"]):
        # It is accepted with a warning, and dropped.
        del wanted["phone"]
        loose.append(("phone", None))


def with_references(stream: str, row: Row, find: Callable[[str, Any], Any]) -> Row:
    """The same values, with ids of another account replaced by those that their rows got here."""
    references = FACTS[stream].references
    return {name: find(references[name], value) if name in references else value for name, value in row.items()}


def is_same(stream: str, name: str, wanted: Any, kept: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a kept value is the wanted one: times as moments, labels as the server cleans them."""
    if name in FACTS[stream].moments and wanted is not None:
        at = position(kept)
        return at is not None and at // 1000 == (position(wanted) or 0) // 1000
    if name == "labels":
        return cleaned(wanted) == cleaned(kept)
    if stream == "closershq_prospects" and name == "email":
        # It tells who is meant, and no request changes how it is spelt.
        return folded(wanted) == folded(kept)
    return bool(wanted == kept)


def cleaned(labels: Any) -> list[str]:  # noqa: ANN401 - a list, a text or null
    """Labels without blanks and doubles."""
    parts = labels.split(",") if isinstance(labels, str) else labels or []
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def is_blank(stream: str, name: str, value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether that is what a new row has where nothing was said."""
    return value in (None, "", [], {}, False) or value == FACTS[stream].made.get(name)


def is_servers(stream: str, name: str, versions: Iterable[Version]) -> bool:
    """Whether a field may change without being named, because of what these versions ask for."""
    if name in FACTS[stream].server:
        return True
    if stream == "prospects" and name in {"currentStage", "currentStageId", "pipelineId"}:
        return any({"currentStageId", "pipelineId"} & version.wanted.keys() for version in versions)
    action = ACTIONS.get(stream, ("",))[0]
    return name in _BY_ACTION.get(action, ()) and any(version.acts for version in versions)
