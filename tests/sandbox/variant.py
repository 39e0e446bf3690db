"""What the documents leave open, as choices, and the request limits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Variant:
    """One way the real servers may behave, where their documents don't say.

    Attributes:
        hiringcenter_shape: Envelopes, names and defaults of HiringCenter; `mixed` has the prospects older and the rest current.
        hiringcenter_end: What stands in place of a page token after the last page of a current list; older lists say null.
        hiringcenter_totals: Whether meetings, notes and tasks tell a `totalCount` too.
        prospects_paging: Whether GET /prospects hands out tokens or has a cap, and what it does to a limit above the cap.
        prospects_cap: That cap, and the greatest page with `token`.
        total_is: What `totalCount` of the prospects counts.
        text_filters: How name, title, company and stage of GET /prospects are compared.
        labels_update: What happens to the labels a matched prospect has.
        update_false: What POST /prospects does with a match when `update` is false; the older shape always duplicates.
        notes_token: Whether a notes token is exact or knows the time only (rows of one millisecond are then lost or repeated at a page's edge).
        poll_feed: The outer form of GET /webhooks/poll.
        cursor: Whether a token names the last row (and where it stood), names it and looks it up again, or is an offset.
        order: The order of the lists whose order no document tells.
        prospectb2b_page_size: Rows in a page when no `limit` is sent.
        prospectb2b_max_limit: A greater `limit` is refused.
        limit_on_all_lists: Whether the 19 lists that name no parameter take `limit`.
        cursor_on_all_lists: Whether those 19 lists take the cursor that they hand out, refuse it, or answer page one again.
        next_cursor_at_end: What `next_cursor` is when `has_more` is false.
        updated_filters: Whether GET /leads honours its four date filters.
        after_is_inclusive: Bound of created_after and updated_after.
        before_is_inclusive: Bound of created_before and updated_before.
        null_times: Whether a lead without the filtered time is in a filtered list.
        prospectb2b_nulls: What a null in a lead's body does.
        lead_create_existing: What POST /leads does when email or phone is known.
        bulk_max: Most rows in POST /leads/bulk.
        bulk_too_many: Status of a request with more.
        bulk_refusal: Whether one bad row refuses a bulk request or is left out of the answer.
        bulk_order: Order of a bulk answer.
        me_scopes: Whether GET /me tells the scopes.
        retry_after: How a 429 says when to come back.
        ratelimit_headers: Whether RateLimit-* headers are sent while limits are on.
        ratelimit_reset: Unit of RateLimit-Reset.
        idempotency: Whether idempotency keys do anything.
        idempotency_seconds: For how long a key is remembered.
        conflict_body: What the body of a 409 tells: the reason, no more than the name of its status, or nothing at all.
        job_polls: After how many reads of it an import or export is finished.
        job_seconds: After how long it is finished without being read.
        closershq_answers: Form of ClosersHQ's answers.
        closershq_delete_in: Where DELETE /crm/prospect takes the email.
        closershq_exists_status: Status of a POST for a known email.
    """

    hiringcenter_shape: Literal["current", "older", "mixed"] = "current"
    hiringcenter_end: Literal["absent", "null", "empty"] = "absent"
    hiringcenter_totals: bool = False
    prospects_paging: Literal["all", "token", "cap_silent", "cap_refused"] = "all"
    prospects_cap: int = 100
    total_is: Literal["matches", "returned"] = "matches"
    text_filters: Literal["exact", "partial"] = "exact"
    labels_update: Literal["replace", "merge"] = "replace"
    update_false: Literal["returns", "duplicates"] = "returns"
    notes_token: Literal["exact", "before", "until"] = "exact"
    poll_feed: Literal["array", "items", "single"] = "array"
    cursor: Literal["id", "live", "offset"] = "id"
    order: Literal["created", "updated", "updated_desc", "shuffled"] = "created"
    prospectb2b_page_size: int = 50
    prospectb2b_max_limit: int = 200
    limit_on_all_lists: bool = False
    cursor_on_all_lists: Literal["allowed", "refused", "ignored"] = "allowed"
    next_cursor_at_end: Literal["absent", "null", "present"] = "null"
    updated_filters: Literal["honoured", "ignored"] = "honoured"
    after_is_inclusive: bool = True
    before_is_inclusive: bool = True
    null_times: Literal["included", "excluded"] = "excluded"
    prospectb2b_nulls: Literal["clear", "ignore", "refuse"] = "clear"
    lead_create_existing: Literal["duplicate", "conflict"] = "duplicate"
    bulk_max: int = 1000
    bulk_too_many: Literal[400, 413] = 400
    bulk_refusal: Literal["whole", "rows"] = "whole"
    bulk_order: Literal["same", "shuffled"] = "same"
    me_scopes: bool = True
    retry_after: Literal["seconds", "date", "none", "body"] = "seconds"
    ratelimit_headers: bool = True
    ratelimit_reset: Literal["epoch", "epoch_ms", "delta"] = "epoch"
    idempotency: Literal["honoured", "ignored"] = "honoured"
    idempotency_seconds: int = 86_400
    conflict_body: Literal["reason", "phrase", "nothing"] = "reason"
    job_polls: int = 3
    job_seconds: int = 60
    closershq_answers: Literal["json", "empty", "text"] = "json"
    closershq_delete_in: Literal["body", "query"] = "body"
    closershq_exists_status: Literal[409, 400, 422] = 409

    def __post_init__(self) -> None:
        """Refuse a value that no choice has.

        Raises:
            ValueError: A value is unknown.
        """
        hints = get_type_hints(type(self))
        for field in fields(self):
            value, kind = getattr(self, field.name), hints[field.name]
            choices = get_args(kind) if get_origin(kind) is Literal else None
            is_known = type(value) is kind and (kind is bool or value >= 1) if choices is None else value in choices
            if not is_known:
                message = f"{field.name} can't be {value!r}"
                raise ValueError(message)

    def is_older(self, resource: str) -> bool:
        """Whether a resource of HiringCenter (`prospects`, `meetings` ...) has the older shape."""
        return self.hiringcenter_shape == "older" or (self.hiringcenter_shape == "mixed" and resource == "prospects")


@dataclass(frozen=True)
class Limits:
    """Requests that each key may make in a rolling window.

    Attributes:
        per_minute: Most requests in a minute; None is without end.
        per_hour: Most requests in an hour; None is without end.
        headers: Whether RateLimit-* headers are sent (Variant.ratelimit_headers must agree).
        systems: The systems that are limited.
        minute_seconds: How long a minute is here: a test of real time has no real minutes to spare.
        hour_seconds: Likewise an hour.
    """

    per_minute: int | None = None
    per_hour: int | None = None
    headers: bool = True
    systems: tuple[str, ...] = ("hiringcenter", "prospectb2b", "closershq")
    minute_seconds: float = 60.0
    hour_seconds: float = 3600.0
