"""All streams, parents before their children. A stream that stands here is discovered, documented and tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_hiringcenter.streams import hiringcenter, prospectb2b

if TYPE_CHECKING:
    from tap_hiringcenter.base import ApiStream

STREAMS: tuple[type[ApiStream], ...] = (
    hiringcenter.Prospects,
    hiringcenter.Meetings,
    hiringcenter.Notes,
    hiringcenter.Tasks,
    hiringcenter.ProspectFeed,
    prospectb2b.Leads,
    prospectb2b.LeadActivities,
    prospectb2b.LeadMessages,
    prospectb2b.LeadFields,
    prospectb2b.Campaigns,
    prospectb2b.CampaignLogs,
    prospectb2b.CampaignRuns,
    prospectb2b.CampaignRunEvents,
    prospectb2b.Exports,
    prospectb2b.ExportDownloads,
    prospectb2b.Imports,
    prospectb2b.ImportErrors,
    prospectb2b.InboxThreads,
    prospectb2b.InboxMessages,
    prospectb2b.Jobs,
    prospectb2b.JobEvents,
    prospectb2b.ProspectorConfig,
    prospectb2b.ProspectorWorkflows,
    prospectb2b.ProspectorRuns,
    prospectb2b.ProspectorResults,
    prospectb2b.Referrals,
    prospectb2b.ReferralSummary,
    prospectb2b.BillingSubscription,
    prospectb2b.BillingUsage,
    prospectb2b.ApiIdentity,
    prospectb2b.SettingsEmail,
    prospectb2b.SettingsIntegrations,
    prospectb2b.SettingsLeadQualification,
    prospectb2b.SettingsProfile,
    prospectb2b.SettingsSms,
    prospectb2b.SettingsVoice,
    prospectb2b.SupportTickets,
    prospectb2b.Webhooks,
    prospectb2b.WebhookDeliveries,
)
