"""The floor: requests and orjson in a loop, each row written as a Singer line as it came. Promises nothing."""

import json
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import orjson
import requests

given = json.loads(sys.argv[1])
session = requests.Session()
session.headers["Authorization"] = f"Bearer {given['key']}"
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=given["at_once"]))


def ask(url, query=None):
    """The parsed body of an answer."""
    answer = session.get(url, params=query)
    answer.raise_for_status()
    return orjson.loads(answer.content)


def write(stream, rows):
    """Write rows as Singer lines."""
    now = datetime.now(timezone.utc).isoformat()
    lines = [orjson.dumps({"type": "RECORD", "stream": stream, "record": row, "time_extracted": now}) for row in rows]
    sys.stdout.buffer.write(b"\n".join(lines) + b"\n")


def leads():
    """Pages of leads."""
    query = {"limit": 200}
    while True:
        body = ask(f"{given['prospectb2b']}/leads", query)
        yield body["data"]
        if not body["pagination"]["has_more"]:
            return
        query["cursor"] = body["pagination"]["next_cursor"]


def meetings():
    """Pages of meetings."""
    query = {"limit": 200}
    while True:
        body = ask(f"{given['hiringcenter']}/meetings", query)
        yield body["items"]
        token = body["pagination"].get("nextPageToken")
        if not token:
            return
        query["pageToken"] = token


def children():
    """Activities of each lead, read side by side, in the order of the leads."""
    waiting = deque()
    with ThreadPoolExecutor(given["at_once"]) as pool:
        for page in leads():
            for row in page:
                waiting.append((row["id"], pool.submit(ask, f"{given['prospectb2b']}/leads/{row['id']}/activities")))
                if len(waiting) >= 2 * given["at_once"]:
                    lead, answer = waiting.popleft()
                    yield [{**child, "lead_id": lead} for child in answer.result()["data"]]
        for lead, answer in waiting:
            yield [{**child, "lead_id": lead} for child in answer.result()["data"]]


for found in {"leads": leads, "meetings": meetings, "lead_activities": children}[given["stream"]]():
    write(given["stream"], found)
