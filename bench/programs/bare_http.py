"""Below the floor: http.client and orjson in a loop over one connection. Promises nothing."""

import http.client
import json
import sys
from datetime import datetime, timezone
from urllib.parse import urlencode, urlsplit

import orjson

given = json.loads(sys.argv[1])
stream = given["stream"]
url = urlsplit(given["prospectb2b"] if stream == "leads" else given["hiringcenter"])
connection = http.client.HTTPConnection(url.hostname, url.port)
query = {"limit": 200}
while True:
    connection.request("GET", f"{url.path}/{stream}?{urlencode(query)}", headers={"Authorization": f"Bearer {given['key']}"})
    body = orjson.loads(connection.getresponse().read())
    now = datetime.now(timezone.utc).isoformat()
    rows = body["data" if stream == "leads" else "items"]
    lines = [orjson.dumps({"type": "RECORD", "stream": stream, "record": row, "time_extracted": now}) for row in rows]
    sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
    name, token = ("cursor", "next_cursor") if stream == "leads" else ("pageToken", "nextPageToken")
    if not body["pagination"].get(token):
        break
    query[name] = body["pagination"][token]
