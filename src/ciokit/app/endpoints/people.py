"""Operations on people, and on what they do and opt out of."""

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta

from ciokit.app.answers import Many, Nothing, One, Paged
from ciokit.app.bodies import OptoutChange
from ciokit.app.endpoint import Endpoint, body, path, query
from ciokit.app.endpoints.shared import CUSTOMER, END_TS, PAGE_SIZE, PAGE_SIZE_50, START, START_TS, page_size
from ciokit.app.records import (
    Activity,
    Customer,
    CustomerIdentifiers,
    CustomerOptouts,
    CustomerPreferences,
    CustomerRelationship,
    CustomerSegment,
    Message,
    Optout,
)
from ciokit.app.words import CustomerRef, Filter, IdRef, PageSize100, PageSize1000

RESOURCES: Final = {
    "customers": "Look up and search people, and read their activities, messages and preferences.",
    "activities": "Read what happened in the workspace; the vendor guarantees the last 30 days.",
    "optouts": "Read who has opted out of messages from which number.",
}

_TYPE = query(
    "type", str, "Only activities of this type: `event`, `page`, `attribute_change`, `sent_email`, ..."
)
_NAME = query("name", str, "Only the event or page of this name, with a `type` of that kind.")
_PAGE_SIZE_10 = page_size(PageSize100, "100", "10")

CUSTOMERS_BY_EMAIL = Endpoint(
    kind="customers.by_email",
    method="GET",
    path="/v1/customers",
    doc="Find the people who have an e-mail address.",
    params=(query("email", str, "The address.", required=True, positional=True),),
    answer=Many(CustomerIdentifiers, "results"),
    returns="Their names; none if there is nobody.",
)
CUSTOMERS_SEARCH = Endpoint(
    kind="customers.search",
    method="POST",
    path="/v1/customers",
    doc="Search people by segment and attribute.",
    params=(
        body("filter", Filter, "The condition; see `ciokit.app.filters`.", required=True, positional=True),
        PAGE_SIZE_50,
        START,
    ),
    answer=Paged(CustomerIdentifiers, "identifiers"),
    returns="Their names.",
    safe=True,
)
CUSTOMERS_ATTRIBUTES = Endpoint(
    kind="customers.attributes",
    method="GET",
    path="/v1/customers/{customer}/attributes",
    doc="Read a person's attributes and devices.",
    params=(CUSTOMER,),
    answer=One(Customer, "customer"),
    returns="The person.",
)
CUSTOMERS_ATTRIBUTES_OF = Endpoint(
    kind="customers.attributes_of",
    method="POST",
    path="/v1/customers/attributes",
    doc="Read the attributes and devices of several people at once.",
    params=(
        body(
            "ids",
            Annotated[Sequence[str], Meta(min_length=1, max_length=100)],
            "The people's ids, at most 100.",
            required=True,
            positional=True,
        ),
    ),
    answer=Many(Customer, "customers", each="customer"),
    returns="Those of them who exist.",
    safe=True,
)
CUSTOMERS_ACTIVITIES = Endpoint(
    kind="customers.activities",
    method="GET",
    path="/v1/customers/{customer}/activities",
    doc="Read what a person did and what happened to them.",
    params=(CUSTOMER, _TYPE, _NAME, _PAGE_SIZE_10, START),
    answer=Paged(Activity, "activities"),
    returns="The activities.",
)
CUSTOMERS_MESSAGES = Endpoint(
    kind="customers.messages",
    method="GET",
    path="/v1/customers/{customer}/messages",
    doc="Read which messages a person received.",
    params=(CUSTOMER, START_TS, END_TS, PAGE_SIZE_50, START),
    answer=Paged(Message, "messages"),
    returns="The messages.",
)
CUSTOMERS_RELATIONSHIPS = Endpoint(
    kind="customers.relationships",
    method="GET",
    path="/v1/customers/{customer}/relationships",
    doc="Read which objects a person is related to.",
    params=(path("customer", IdRef, "The person's id."), PAGE_SIZE, START),
    answer=Paged(CustomerRelationship, "cio_relationships"),
    returns="The relationships.",
)
CUSTOMERS_SEGMENTS = Endpoint(
    kind="customers.segments",
    method="GET",
    path="/v1/customers/{customer}/segments",
    doc="Read which segments a person is in.",
    params=(CUSTOMER,),
    answer=Many(CustomerSegment, "segments"),
    returns="The segments.",
)
CUSTOMERS_SUBSCRIPTION_PREFERENCES = Endpoint(
    kind="customers.subscription_preferences",
    method="GET",
    path="/v1/customers/{customer}/subscription_preferences",
    doc="Read a person's subscription preferences.",
    params=(CUSTOMER, query("language", str, "The language of the topics' names.")),
    answer=One(CustomerPreferences, "customer"),
    returns="The topics of the subscription centre, and whether the person subscribes to them.",
)
CUSTOMERS_OPTOUTS = Endpoint(
    kind="customers.optouts",
    method="GET",
    path="/v1/customers/{customer}/optouts",
    doc="Read from which numbers a person has opted out.",
    params=(CUSTOMER,),
    answer=Many(Optout, "optouts"),
    returns="The senders.",
)
CUSTOMERS_UPDATE_OPTOUTS = Endpoint(
    kind="customers.update_optouts",
    method="PUT",
    path="/v1/customers/{customer}/optouts",
    doc="Change from which numbers a person has opted out; it takes effect a little later.",
    params=(
        CUSTOMER,
        body("optouts", Sequence[OptoutChange], "The changes.", required=True, positional=True),
    ),
    answer=Nothing(),
)
ACTIVITIES_LIST = Endpoint(
    kind="activities.list",
    method="GET",
    path="/v1/activities",
    doc="Read what happened in the workspace.",
    params=(
        _TYPE,
        _NAME,
        query(
            "customer",
            CustomerRef,
            "Only this person's activities.",
            wire="customer_id",
        ),
        query("deleted", bool, "Whether to include people who were deleted."),
        _PAGE_SIZE_10,
        START,
    ),
    answer=Paged(Activity, "activities"),
    returns="The activities.",
)
OPTOUTS_LIST = Endpoint(
    kind="optouts.list",
    method="GET",
    path="/v1/optouts",
    doc="List the people who have opted out of messages from a number.",
    params=(
        query("from_", str, "Only this sender's opt-outs.", wire="from"),
        page_size(PageSize1000, "1,000", "100"),
        START,
    ),
    answer=Paged(CustomerOptouts, "optouts"),
    returns="The people, each with the senders they opted out of.",
)
