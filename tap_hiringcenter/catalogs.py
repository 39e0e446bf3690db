"""Catalogs that come in: the replication method that a user chose, wherever they wrote it."""

from __future__ import annotations

import copy
from typing import Any

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from tap_hiringcenter.api.program import InputError

NO_CATALOG = "The catalog can't be used: it is not of the form that --discover gives; nothing was read or written."
_METHODS = (REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL)


class CatalogError(InputError):
    """The catalog can't be used; the message says why."""


def with_chosen_methods(catalog: Any) -> Any:  # noqa: ANN401  # whatever the SDK takes for one
    """Move replication methods out of the streams' metadata to where the SDK looks first.

    The Singer specification has users choose with `replication-method` in the metadata of a stream, while the SDK prefers what discovery
    wrote beside it.

    Args:
        catalog: The catalog as it was read; one that the SDK has made already is left to it.

    Returns:
        The catalog, changed in a copy.

    Raises:
        CatalogError: It is no catalog, or a stream has a method that there isn't.
    """
    if type(catalog) is not dict:
        return catalog
    if not isinstance(catalog.get("streams"), list):
        raise CatalogError(NO_CATALOG)
    catalog = copy.deepcopy(catalog)
    for entry in catalog["streams"]:
        for item in entry.get("metadata", []):
            chosen = item.get("metadata", {}).get("replication-method") if not item.get("breadcrumb") else None
            if chosen:
                entry["replication_method"] = chosen
        if entry.get("replication_method") not in {None, *_METHODS}:
            msg = f"The replication method of {entry.get('stream')} must be one of {', '.join(_METHODS)}; nothing was read or written."
            raise CatalogError(msg)
    return catalog
