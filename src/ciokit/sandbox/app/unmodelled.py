"""The App API operations that the vendor has and the sandbox does not model: each says so with 501."""

from typing import Final

from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_error
from ciokit.sandbox.http.routes import Route, Visit

_OPERATIONS: Final = (
    ("GET", "/v1/assets"),
    ("POST", "/v1/assets/files"),
    ("GET", "/v1/assets/files/{asset_id}"),
    ("PUT", "/v1/assets/files/{asset_id}"),
    ("DELETE", "/v1/assets/files/{asset_id}"),
    ("GET", "/v1/assets/folders"),
    ("POST", "/v1/assets/folders"),
    ("GET", "/v1/assets/folders/{folder_id}"),
    ("PUT", "/v1/assets/folders/{folder_id}"),
    ("DELETE", "/v1/assets/folders/{folder_id}"),
    ("GET", "/v1/broadcasts/{broadcast_id}/actions"),
    ("GET", "/v1/broadcasts/{broadcast_id}/actions/{action_id}"),
    ("PUT", "/v1/broadcasts/{broadcast_id}/actions/{action_id}"),
    ("GET", "/v1/broadcasts/{broadcast_id}/actions/{action_id}/language/{language}"),
    ("PUT", "/v1/broadcasts/{broadcast_id}/actions/{action_id}/language/{language}"),
    ("GET", "/v1/broadcasts/{broadcast_id}/actions/{action_id}/metrics"),
    ("GET", "/v1/broadcasts/{broadcast_id}/actions/{action_id}/metrics/links"),
    ("GET", "/v1/broadcasts/{broadcast_id}/metrics/links"),
    ("GET", "/v1/campaigns/{campaign_id}/actions"),
    ("GET", "/v1/campaigns/{campaign_id}/actions/{action_id}"),
    ("PUT", "/v1/campaigns/{campaign_id}/actions/{action_id}"),
    ("GET", "/v1/campaigns/{campaign_id}/actions/{action_id}/language/{language}"),
    ("PUT", "/v1/campaigns/{campaign_id}/actions/{action_id}/language/{language}"),
    ("GET", "/v1/campaigns/{campaign_id}/actions/{action_id}/metrics"),
    ("GET", "/v1/campaigns/{campaign_id}/actions/{action_id}/metrics/links"),
    ("GET", "/v1/campaigns/{campaign_id}/journey_metrics"),
    ("GET", "/v1/campaigns/{campaign_id}/messages"),
    ("GET", "/v1/campaigns/{campaign_id}/metrics"),
    ("GET", "/v1/campaigns/{campaign_id}/metrics/links"),
    ("GET", "/v1/design_studio/components"),
    ("POST", "/v1/design_studio/components"),
    ("GET", "/v1/design_studio/components/{component_id}"),
    ("PUT", "/v1/design_studio/components/{component_id}"),
    ("DELETE", "/v1/design_studio/components/{component_id}"),
    ("GET", "/v1/design_studio/emails"),
    ("POST", "/v1/design_studio/emails"),
    ("GET", "/v1/design_studio/emails/{email_id}"),
    ("PUT", "/v1/design_studio/emails/{email_id}"),
    ("DELETE", "/v1/design_studio/emails/{email_id}"),
    ("GET", "/v1/design_studio/emails/{email_id}/languages"),
    ("POST", "/v1/design_studio/emails/{email_id}/languages"),
    ("GET", "/v1/design_studio/emails/{email_id}/languages/{language}"),
    ("PUT", "/v1/design_studio/emails/{email_id}/languages/{language}"),
    ("DELETE", "/v1/design_studio/emails/{email_id}/languages/{language}"),
    ("GET", "/v1/design_studio/folders"),
    ("POST", "/v1/design_studio/folders"),
    ("GET", "/v1/design_studio/folders/{folder_id}"),
    ("PUT", "/v1/design_studio/folders/{folder_id}"),
    ("DELETE", "/v1/design_studio/folders/{folder_id}"),
    ("GET", "/v1/esp/domains/{domain_name}/suppression/{suppression_type}"),
    ("POST", "/v1/live_notifications/end"),
    ("POST", "/v1/live_notifications/start"),
    ("POST", "/v1/live_notifications/update"),
    ("GET", "/v1/live_notifications/{instance_id}"),
    ("POST", "/v1/newsletters"),
    ("GET", "/v1/newsletters/{newsletter_id}/contents"),
    ("GET", "/v1/newsletters/{newsletter_id}/contents/{content_id}"),
    ("PUT", "/v1/newsletters/{newsletter_id}/contents/{content_id}"),
    ("GET", "/v1/newsletters/{newsletter_id}/contents/{content_id}/metrics"),
    ("GET", "/v1/newsletters/{newsletter_id}/contents/{content_id}/metrics/links"),
    ("POST", "/v1/newsletters/{newsletter_id}/language"),
    ("GET", "/v1/newsletters/{newsletter_id}/language/{language}"),
    ("PUT", "/v1/newsletters/{newsletter_id}/language/{language}"),
    ("DELETE", "/v1/newsletters/{newsletter_id}/language/{language}"),
    ("GET", "/v1/newsletters/{newsletter_id}/messages"),
    ("GET", "/v1/newsletters/{newsletter_id}/metrics"),
    ("GET", "/v1/newsletters/{newsletter_id}/metrics/links"),
    ("POST", "/v1/newsletters/{newsletter_id}/schedule"),
    ("POST", "/v1/newsletters/{newsletter_id}/send"),
    ("POST", "/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language"),
    ("GET", "/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}"),
    ("PUT", "/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}"),
    ("DELETE", "/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}"),
    ("GET", "/v1/newsletters/{newsletter_id}/test_groups"),
    ("POST", "/v1/newsletters/{newsletter_id}/test_groups"),
    ("GET", "/v1/sender_identities/{sender_id}/used_by"),
    ("GET", "/v1/subscription_center/{customer_id}/token"),
    ("GET", "/v1/transactional/{transactional_id}/language/{language}"),
    ("PUT", "/v1/transactional/{transactional_id}/language/{language}"),
    ("GET", "/v1/transactional/{transactional_id}/metrics/links"),
)


def unmodelled(visit: Visit) -> Reply:
    """Say that the vendor has this operation and the sandbox does not."""
    message = (
        f"{visit.request.method} {visit.request.path}: the vendor has this operation, the sandbox does not"
    )
    visit.workspace.note(visit.call, "not_modelled", message)
    return app_error(501, "the sandbox does not model this operation")


ROUTES: Final = tuple(Route("app", method, template, unmodelled) for method, template in _OPERATIONS)
