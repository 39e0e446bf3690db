"""A tap as the singer-sdk's cookiecutter makes it for a REST API with a bearer token, with its places filled in and nothing else done."""

import decimal
import sys
from importlib.metadata import version

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.helpers.jsonpath import extract_jsonpath
from singer_sdk.streams import RESTStream


class TemplateStream(RESTStream):
    """Base of all streams."""

    records_jsonpath = "$.data[*]"
    next_page_token_jsonpath = "$.pagination.next_cursor"
    token_name = "cursor"

    @property
    def url_base(self):
        return self.config["prospectb2b"]

    @property
    def authenticator(self):
        return BearerTokenAuthenticator(token=self.config["key"])

    def get_url_params(self, context, next_page_token):
        params = {"limit": 200}
        if next_page_token:
            params[self.token_name] = next_page_token
        return params

    def parse_response(self, response):
        yield from extract_jsonpath(self.records_jsonpath, input=response.json(parse_float=decimal.Decimal))

    def post_process(self, row, context=None):
        return row


class Leads(TemplateStream):
    """Leads."""

    name = "leads"
    path = "/leads"
    primary_keys = ("id",)
    replication_key = "updated_at"
    schema = th.PropertiesList(
        *(th.Property(name, th.StringType) for name in ("id", "object", "full_name", "email", "phone", "company_name", "title", "location")),
        th.Property("created_at", th.DateTimeType),
        th.Property("updated_at", th.DateTimeType),
        th.Property("tags", th.ArrayType(th.StringType)),
        th.Property("is_qualified", th.BooleanType),
        th.Property("owner_user_id", th.StringType),
        th.Property("value_amount", th.NumberType),
    ).to_dict()

    def get_child_context(self, record, context):
        return {"lead_id": record["id"]}


class LeadActivities(TemplateStream):
    """Activities of a lead."""

    name = "lead_activities"
    path = "/leads/{lead_id}/activities"
    parent_stream_type = Leads
    primary_keys = ("id",)
    replication_key = None
    schema = th.PropertiesList(
        *(th.Property(name, th.StringType) for name in ("id", "lead_id", "type", "message")),
        *(th.Property(name, th.DateTimeType) for name in ("created_at", "updated_at")),
        *(th.Property(name, th.IntegerType) for name in ("createdAt", "updatedAt", "row")),
    ).to_dict()


class Meetings(TemplateStream):
    """Meetings."""

    name = "meetings"
    path = "/meetings"
    primary_keys = ("id",)
    replication_key = "updatedAt"
    records_jsonpath = "$.items[*]"
    next_page_token_jsonpath = "$.pagination.nextPageToken"
    token_name = "pageToken"
    schema = th.PropertiesList(
        *(th.Property(name, th.StringType) for name in ("id", "prospectId", "timeZone", "meetingType", "ownerId", "location", "notes", "createdBy")),
        *(th.Property(name, th.IntegerType) for name in ("meetingDate", "createdAt", "updatedAt")),
        th.Property("createdByApi", th.BooleanType),
        th.Property("createdByApiKeyId", th.StringType),
        th.Property("createdByApiKeyName", th.StringType),
    ).to_dict()

    @property
    def url_base(self):
        return self.config["hiringcenter"]


class TapTemplate(Tap):
    """The tap."""

    name = "tap-template"
    plugin_version = version("singer-sdk")
    config_jsonschema = th.PropertiesList(
        *(th.Property(name, th.StringType) for name in ("hiringcenter", "prospectb2b", "key", "stream")),
        th.Property("at_once", th.IntegerType),
    ).to_dict()

    def discover_streams(self):
        kinds = {"leads": [Leads], "meetings": [Meetings], "lead_activities": [Leads, LeadActivities]}[self.config["stream"]]
        found = [kind(self) for kind in kinds]
        if len(found) > 1:
            # Only the children are wanted; their parents are read all the same.
            found[0].selected_by_default = False
        return found


if __name__ == "__main__":
    TapTemplate.cli(sys.argv[1:])
