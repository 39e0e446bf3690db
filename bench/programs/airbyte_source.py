"""An airbyte-cdk low-code source: a manifest, run by Airbyte's own entry point."""

import json
import sys
import tempfile
from pathlib import Path

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

given = json.loads(sys.argv[1])
stream = given["stream"]


def declared(name, path, rows, token, url, *, parent=None):
    """A stream of the manifest."""
    pages = {
        "type": "DefaultPaginator",
        "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": token[0]},
        "page_size_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "limit"},
        "pagination_strategy": {
            "type": "CursorPagination",
            "page_size": 200,
            "cursor_value": "{{ response.get('pagination', {}).get('" + token[1] + "') }}",
            "stop_condition": "{{ not response.get('pagination', {}).get('" + token[1] + "') }}",
        },
    }
    retriever = {
        "type": "SimpleRetriever",
        "requester": {
            "type": "HttpRequester",
            "url_base": url,
            "path": path,
            "http_method": "GET",
            "authenticator": {"type": "BearerAuthenticator", "api_token": given["key"]},
        },
        "record_selector": {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": [rows]}},
        "paginator": {"type": "NoPagination"} if parent else pages,
    }
    if parent:
        parents = [{"type": "ParentStreamConfig", "stream": parent, "parent_key": "id", "partition_field": "lead_id"}]
        retriever["partition_router"] = {"type": "SubstreamPartitionRouter", "parent_stream_configs": parents}
    schema = {"type": "InlineSchemaLoader", "schema": {"type": "object", "additionalProperties": True, "properties": {"id": {"type": "string"}}}}
    return {"type": "DeclarativeStream", "name": name, "primary_key": ["id"], "retriever": retriever, "schema_loader": schema}


leads = declared("leads", "/leads", "data", ("cursor", "next_cursor"), given["prospectb2b"])
declarations = {
    "leads": leads,
    "meetings": declared("meetings", "/meetings", "items", ("pageToken", "nextPageToken"), given["hiringcenter"]),
    "lead_activities": declared(
        "lead_activities", "/leads/{{ stream_partition.lead_id }}/activities", "data", ("", ""), given["prospectb2b"], parent=leads
    ),
}
manifest = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": [stream]},
    "streams": [declarations[stream]],
    "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": given["at_once"], "max_concurrency": given["at_once"]},
    "spec": {"type": "Spec", "connection_specification": {"type": "object", "additionalProperties": True, "properties": {}}},
}
catalog = {
    "streams": [
        {
            "stream": {"name": stream, "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
    ]
}
with tempfile.TemporaryDirectory() as folder:
    for name, content in (("config", {}), ("catalog", catalog)):
        (Path(folder) / f"{name}.json").write_text(json.dumps(content))
    source = ConcurrentDeclarativeSource(catalog=ConfiguredAirbyteCatalogSerializer.load(catalog), config={}, state=None, source_config=manifest)
    launch(source, ["read", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"])
