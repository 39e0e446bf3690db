"""A dlt rest_api source: its rows one by one, written as lines; or a pipeline that extracts and normalises them."""

import json
import os
import sys
import tempfile

given = json.loads(sys.argv[1])
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["EXTRACT__WORKERS"] = str(given["at_once"])
os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = str(2 * given["at_once"])

import dlt  # noqa: E402  # reads its settings when it is loaded
import orjson  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

stream = given["stream"]
name, token = ("pageToken", "nextPageToken") if stream == "meetings" else ("cursor", "next_cursor")
resources = [
    {
        "name": "meetings" if stream == "meetings" else "leads",
        "selected": stream != "lead_activities",
        "endpoint": {
            "path": "meetings" if stream == "meetings" else "leads",
            "params": {"limit": 200},
            "data_selector": "items" if stream == "meetings" else "data",
            "paginator": {"type": "cursor", "cursor_path": f"pagination.{token}", "cursor_param": name},
        },
    }
]
if stream == "lead_activities":
    child = {"path": "leads/{resources.leads.id}/activities", "data_selector": "data", "paginator": "single_page"}
    resources.append({"name": stream, "parallelized": True, "include_from_parent": ["id"], "endpoint": child})
source = rest_api_source(
    {
        "client": {
            "base_url": (given["hiringcenter"] if stream == "meetings" else given["prospectb2b"]) + "/",
            "auth": {"type": "bearer", "token": given["key"]},
        },
        "resources": resources,
    }
)
if sys.argv[2] == "iterate":
    for row in source.resources[stream]:
        sys.stdout.buffer.write(orjson.dumps({"type": "RECORD", "stream": stream, "record": row}) + b"\n")
else:
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=dlt.destinations.filesystem(f"file://{folder}/out"))
        pipeline.extract(source)
        pipeline.normalize()
        count = pipeline.last_trace.last_normalize_info.row_counts[stream]
        # Its rows are in files: as many lines as there are, so that they can be counted like everybody's.
        sys.stdout.buffer.write(b'{"type":"RECORD"}\n' * count)
