"""What there is to read in ProspectB2B: 34 streams of the public API v1 (reference by product domain)."""

from __future__ import annotations

from tap_hiringcenter.client import ProspectB2BSingleStream, ProspectB2BStream, ProspectB2BWindowedStream


class Leads(ProspectB2BWindowedStream):
    """Leads: the one list that the server filters by time."""

    name = "leads"
    path = "/leads"
    scope = "leads.read"
    replication_key = "updated_at"
    takes_limit = True
    known_gap = "A lead without updated_at may pass no filter: only a full-table sync is sure to show it."


class LeadActivities(ProspectB2BStream):
    """What happened with a lead."""

    name = "lead_activities"
    path = "/leads/{lead_id}/activities"
    scope = "leads.read"
    parent = Leads
    takes_limit = True


class LeadMessages(ProspectB2BStream):
    """Messages to and from a lead."""

    name = "lead_messages"
    path = "/leads/{lead_id}/messages"
    scope = "messages.read"
    parent = Leads


class LeadFields(ProspectB2BStream):
    """Custom fields of leads."""

    name = "lead_fields"
    path = "/lead-fields"
    scope = "lead-fields.read"


class Campaigns(ProspectB2BStream):
    """Outbound campaigns."""

    name = "campaigns"
    path = "/campaigns"
    scope = "campaigns.read"
    replication_key = "updated_at"


class CampaignLogs(ProspectB2BStream):
    """Log lines of a campaign."""

    name = "campaign_logs"
    path = "/campaigns/{campaign_id}/logs"
    scope = "campaigns.read"
    parent = Campaigns


class CampaignRuns(ProspectB2BStream):
    """Runs of a campaign."""

    name = "campaign_runs"
    path = "/campaigns/{campaign_id}/runs"
    scope = "campaigns.read"
    parent = Campaigns


class CampaignRunEvents(ProspectB2BStream):
    """Events of a campaign's run; its path doesn't name the campaign."""

    name = "campaign_run_events"
    path = "/campaigns/runs/{run_id}/events"
    scope = "campaigns.read"
    parent = CampaignRuns


class Exports(ProspectB2BStream):
    """Exports of leads."""

    name = "exports"
    path = "/exports"
    scope = "leads.export"
    replication_key = "updated_at"


class ExportDownloads(ProspectB2BSingleStream):
    """Whether an export's file is ready; the file itself is not in the API."""

    name = "export_downloads"
    path = "/exports/{export_id}/download"
    scope = "leads.export"
    parent = Exports


class Imports(ProspectB2BStream):
    """Imports of leads."""

    name = "imports"
    path = "/imports"
    scope = "leads.import"
    replication_key = "updated_at"


class ImportErrors(ProspectB2BStream):
    """Rows that an import refused; they have no id."""

    name = "import_errors"
    path = "/imports/{import_id}/errors"
    scope = "leads.import"
    parent = Imports
    primary_keys = ("import_id", "row", "message")


class InboxThreads(ProspectB2BStream):
    """Conversations."""

    name = "inbox_threads"
    path = "/inbox/threads"
    scope = "inbox.read"
    replication_key = "updated_at"
    takes_limit = True


class InboxMessages(ProspectB2BStream):
    """Messages of a conversation."""

    name = "inbox_messages"
    path = "/inbox/threads/{thread_id}/messages"
    scope = "inbox.read"
    parent = InboxThreads


class Jobs(ProspectB2BStream):
    """Background jobs."""

    name = "jobs"
    path = "/jobs"
    scope = "jobs.read"
    replication_key = "updated_at"


class JobEvents(ProspectB2BStream):
    """Events of a job."""

    name = "job_events"
    path = "/jobs/{job_id}/events"
    scope = "jobs.read"
    parent = Jobs


class ProspectorConfig(ProspectB2BSingleStream):
    """Settings of the prospector."""

    name = "prospector_config"
    path = "/prospector/config"
    scope = "prospector.read"


class ProspectorWorkflows(ProspectB2BStream):
    """Prospecting workflows."""

    name = "prospector_workflows"
    path = "/prospector/workflows"
    scope = "prospector.read"
    replication_key = "updated_at"


class ProspectorRuns(ProspectB2BStream):
    """Runs of a workflow."""

    name = "prospector_runs"
    path = "/prospector/workflows/{workflow_id}/runs"
    scope = "prospector.read"
    parent = ProspectorWorkflows


class ProspectorResults(ProspectB2BStream):
    """What a workflow's run found."""

    name = "prospector_results"
    path = "/prospector/runs/{run_id}/results"
    scope = "prospector.read"
    parent = ProspectorRuns


class Referrals(ProspectB2BStream):
    """Referrals."""

    name = "referrals"
    path = "/referrals"
    scope = "referrals.read"
    replication_key = "updated_at"


class ReferralSummary(ProspectB2BSingleStream):
    """Counts of referrals."""

    name = "referral_summary"
    path = "/referrals/summary"
    scope = "referrals.read"


class BillingSubscription(ProspectB2BSingleStream):
    """The account's subscription."""

    name = "billing_subscription"
    path = "/billing/subscription"
    scope = "billing.read"


class BillingUsage(ProspectB2BSingleStream):
    """What the account has used."""

    name = "billing_usage"
    path = "/billing/usage"
    scope = "billing.read"


class ApiIdentity(ProspectB2BSingleStream):
    """Whose key it is, and what it may do."""

    name = "api_identity"
    path = "/me"
    scope = "me.read"


class SettingsEmail(ProspectB2BSingleStream):
    """Verified senders."""

    name = "settings_email"
    path = "/settings/email"
    scope = "settings.read"


class SettingsIntegrations(ProspectB2BSingleStream):
    """Connected services."""

    name = "settings_integrations"
    path = "/settings/integrations"
    scope = "settings.read"


class SettingsLeadQualification(ProspectB2BSingleStream):
    """When a lead counts as qualified."""

    name = "settings_lead_qualification"
    path = "/settings/lead-qualification"
    scope = "settings.read"


class SettingsProfile(ProspectB2BSingleStream):
    """The account's profile."""

    name = "settings_profile"
    path = "/settings/profile"
    scope = "settings.read"


class SettingsSms(ProspectB2BSingleStream):
    """Text messages."""

    name = "settings_sms"
    path = "/settings/sms"
    scope = "settings.read"


class SettingsVoice(ProspectB2BSingleStream):
    """Calls."""

    name = "settings_voice"
    path = "/settings/voice"
    scope = "settings.read"


class SupportTickets(ProspectB2BStream):
    """Tickets at the vendor's support."""

    name = "support_tickets"
    path = "/support/tickets"
    scope = "support.read"
    replication_key = "updated_at"


class Webhooks(ProspectB2BStream):
    """Endpoints that events are sent to."""

    name = "webhooks"
    path = "/webhooks"
    scope = "webhooks.read"
    replication_key = "updated_at"


class WebhookDeliveries(ProspectB2BStream):
    """Attempts to deliver an event."""

    name = "webhook_deliveries"
    path = "/webhooks/{webhook_id}/deliveries"
    scope = "webhooks.read"
    parent = Webhooks
