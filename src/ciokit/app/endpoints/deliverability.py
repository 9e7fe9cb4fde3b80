"""Operations on who gets no mail: addresses that the e-mail service suppresses, and the subscription centre."""

from typing import Final

from ciokit.app.answers import Many, Nothing, One, Paged, Plain
from ciokit.app.endpoint import Endpoint, path, query
from ciokit.app.endpoints.shared import START, page_size
from ciokit.app.records import (
    SubscriptionCenterToken,
    SubscriptionChannel,
    SubscriptionTopic,
    Suppression,
)
from ciokit.app.words import IdRef, Offset, PageSize1000, SuppressionType

RESOURCES: Final = {
    "esp_suppression": "Read and change the list of addresses to which the e-mail service does not deliver.",
    "subscription_center": "Read what people can subscribe to, and give them access to the subscription centre.",
}

_TYPE = path("suppression_type", SuppressionType, "`blocks`, `bounces`, `spam_reports` or `invalid_emails`.")
_ADDRESS = path("email_address", str, "The address.")
_EMAIL = query("email", str, "Only this address.")

ESP_SUPPRESSION_SEARCH = Endpoint(
    kind="esp_suppression.search",
    method="GET",
    path="/v1/esp/search_suppression/{email_address}",
    doc="Read whether, and why, an address is suppressed.",
    params=(_ADDRESS,),
    answer=Many(Suppression, "suppressions"),
    returns="The suppressions; none if there is nothing against it.",
)
ESP_SUPPRESSION_LIST = Endpoint(
    kind="esp_suppression.list",
    method="GET",
    path="/v1/esp/suppression/{suppression_type}",
    doc="List the addresses of a kind.",
    params=(
        _TYPE,
        _EMAIL,
        query("domain", str, "Only this sending domain's."),
        page_size(PageSize1000, "1,000", "100"),
        query("offset", Offset, "How many to leave out at the beginning."),
    ),
    answer=Paged(Suppression, "suppressions", offset_by=100),
    returns="The suppressions.",
)
ESP_SUPPRESSION_LIST_FOR_DOMAIN = Endpoint(
    kind="esp_suppression.list_for_domain",
    method="GET",
    path="/v1/esp/domains/{domain_name}/suppression/{suppression_type}",
    doc="List the addresses of a kind for one sending domain.",
    params=(
        path("domain_name", str, "The sending domain."),
        _TYPE,
        _EMAIL,
        page_size(PageSize1000, "1,000"),
        START,
    ),
    answer=Paged(Suppression, "suppressions"),
    returns="The suppressions.",
)
ESP_SUPPRESSION_CREATE = Endpoint(
    kind="esp_suppression.create",
    method="POST",
    path="/v1/esp/suppression/{suppression_type}/{email_address}",
    doc="Suppress an address.",
    params=(_TYPE, _ADDRESS),
    answer=Plain(),
    returns="The response, unchanged.",
    safe=True,
)
ESP_SUPPRESSION_DELETE = Endpoint(
    kind="esp_suppression.delete",
    method="DELETE",
    path="/v1/esp/suppression/{suppression_type}/{email_address}",
    doc="Allow mail to an address again.",
    params=(_TYPE, _ADDRESS),
    answer=Nothing(),
)
SUBSCRIPTION_CENTER_TOKEN = Endpoint(
    kind="subscription_center.token",
    method="GET",
    path="/v1/subscription_center/{customer}/token",
    doc="Create a token that gives a person access to the subscription centre for 24 hours.",
    params=(path("customer", IdRef, "The person's id."),),
    answer=One(SubscriptionCenterToken),
    returns="The token, and the address with it.",
)
SUBSCRIPTION_CENTER_TOPICS = Endpoint(
    kind="subscription_center.topics",
    method="GET",
    path="/v1/subscription_topics",
    doc="List the topics that people can subscribe to.",
    answer=Many(SubscriptionTopic, "topics"),
    returns="All of them.",
)
SUBSCRIPTION_CENTER_CHANNELS = Endpoint(
    kind="subscription_center.channels",
    method="GET",
    path="/v1/subscription_channels",
    doc="List the channels that people can subscribe to.",
    answer=Many(SubscriptionChannel, "channels"),
    returns="All of them.",
)
