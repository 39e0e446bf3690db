"""Knowing a record again that came before, from the record as it is: without making of it what would be sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from target_hiringcenter.writes import DIGEST_SIZE, digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_hiringcenter.writes import Row

# What a form is made by beside the record: every setting that a sink reads, and what the SDK does to records before.
SHAPING = (
    "allow_deletes",
    "allow_unmatched_creates",
    "closershq_delete_in",
    "hiringcenter_field_names",
    "leads_write_mode",
    "mute_webhooks",
    "null_policy",
    "stream_maps",
    "stream_map_config",
    "faker_config",
    "flattening_enabled",
    "flattening_max_depth",
    "flattening_max_key_length",
    "flattening_separator",
)
_pack = msgspec.msgpack.Encoder().encode


class Fingerprints:
    """Makes fingerprints, under the settings and by the version of this run.

    A fingerprint ties a record to the content that was made of it, so that it tells nothing any more once another content stands in the ledger.
    A record whose columns come in another order has another one: its form tells then that it is unchanged.

    Args:
        config: The settings.
        version: The program's version: another one may make something else of a record.
    """

    def __init__(self, config: Mapping[str, Any], version: str) -> None:
        shape = [version, {name: config.get(name) for name in SHAPING}]
        self._key = digest(shape).encode()

    def of(self, record: Row, content: str) -> str:
        """Make a fingerprint.

        Args:
            record: The record as it came, with the API's ids in the place of references.
            content: Digest of what was made of it (`Form.content`).

        Returns:
            32 hexadecimal digits; nothing for a record with something that can't be packed, such as an integer of more than 64 bits.
        """
        try:
            packed = _pack(record)
        except (TypeError, ValueError, OverflowError, RecursionError):
            return ""
        return hashlib.blake2b(packed + content.encode(), digest_size=DIGEST_SIZE, key=self._key).hexdigest()
