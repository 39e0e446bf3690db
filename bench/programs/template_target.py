"""A singer-sdk target that counts records and does nothing else: what the SDK costs a target before it has done anything."""

from singer_sdk import Target
from singer_sdk.sinks import RecordSink


class CountingSink(RecordSink):
    """Counts."""

    count = 0

    def process_record(self, record, context):
        self.count += 1


class TargetCounting(Target):
    """The target."""

    name = "target-counting"
    plugin_version = "0"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012  # as in every target
    default_sink_class = CountingSink


if __name__ == "__main__":
    TargetCounting.cli()
