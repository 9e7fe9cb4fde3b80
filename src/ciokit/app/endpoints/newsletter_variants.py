"""Operations on the translations of a newsletter and on the groups of its A/B tests."""

from typing import Final

from ciokit.app.answers import Many, Nothing, One, Plain
from ciokit.app.endpoint import Endpoint, path
from ciokit.app.endpoints.shared import LANGUAGE, NEWSLETTER_CONTENT, TRANSLATION
from ciokit.app.records import MessageContent, NewsletterTestGroup
from ciokit.app.words import Number

RESOURCES: Final = {
    "newsletters.languages": "Create, read and change the translations of a newsletter.",
    "newsletters.test_groups": "Create the groups of a newsletter's A/B test, and their translations.",
}

_NEWSLETTER = path("newsletter_id", Number, "The newsletter's number.")
_GROUP = path("test_group_id", int | str, "The group.")

NEWSLETTERS_LANGUAGES_CREATE = Endpoint(
    kind="newsletters.languages.create",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/language",
    doc="Add a translation to a newsletter; which fields it needs depends on the channel.",
    params=(_NEWSLETTER, *TRANSLATION),
    answer=Plain(),
    returns="The response, unchanged.",
)
NEWSLETTERS_LANGUAGES_GET = Endpoint(
    kind="newsletters.languages.get",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/language/{language}",
    doc="Read a translation of a newsletter.",
    params=(_NEWSLETTER, LANGUAGE),
    answer=One(MessageContent, "content"),
    returns="The translation.",
)
NEWSLETTERS_LANGUAGES_UPDATE = Endpoint(
    kind="newsletters.languages.update",
    method="PUT",
    path="/v1/newsletters/{newsletter_id}/language/{language}",
    doc="Change a translation of a newsletter.",
    params=(_NEWSLETTER, LANGUAGE, NEWSLETTER_CONTENT),
    answer=One(MessageContent, "content"),
    returns="The translation as it is now.",
)
NEWSLETTERS_LANGUAGES_DELETE = Endpoint(
    kind="newsletters.languages.delete",
    method="DELETE",
    path="/v1/newsletters/{newsletter_id}/language/{language}",
    doc="Delete a translation of a newsletter.",
    params=(_NEWSLETTER, LANGUAGE),
    answer=Nothing(),
)
NEWSLETTERS_TEST_GROUPS_LIST = Endpoint(
    kind="newsletters.test_groups.list",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/test_groups",
    doc="List the groups of a newsletter's A/B test.",
    params=(_NEWSLETTER,),
    answer=Many(NewsletterTestGroup, "test_groups"),
    returns="All of them.",
)
NEWSLETTERS_TEST_GROUPS_CREATE = Endpoint(
    kind="newsletters.test_groups.create",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/test_groups",
    doc="Add an empty group to a newsletter's A/B test.",
    params=(_NEWSLETTER,),
    answer=Plain(),
    returns="The response, unchanged; the vendor's own SDK says that it is the newsletter.",
)
NEWSLETTERS_TEST_GROUPS_CREATE_LANGUAGE = Endpoint(
    kind="newsletters.test_groups.create_language",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language",
    doc="Add a translation to a test group; which fields it needs depends on the channel.",
    params=(_NEWSLETTER, _GROUP, *TRANSLATION),
    answer=Plain(),
    returns="The response, unchanged.",
)
NEWSLETTERS_TEST_GROUPS_GET_LANGUAGE = Endpoint(
    kind="newsletters.test_groups.get_language",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}",
    doc="Read a translation of a test group.",
    params=(_NEWSLETTER, _GROUP, LANGUAGE),
    answer=One(MessageContent, "content"),
    returns="The translation.",
)
NEWSLETTERS_TEST_GROUPS_UPDATE_LANGUAGE = Endpoint(
    kind="newsletters.test_groups.update_language",
    method="PUT",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}",
    doc="Change a translation of a test group.",
    params=(_NEWSLETTER, _GROUP, LANGUAGE, NEWSLETTER_CONTENT),
    answer=One(MessageContent, "content"),
    returns="The translation as it is now.",
)
NEWSLETTERS_TEST_GROUPS_DELETE_LANGUAGE = Endpoint(
    kind="newsletters.test_groups.delete_language",
    method="DELETE",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}",
    doc="Delete a translation of a test group.",
    params=(_NEWSLETTER, _GROUP, LANGUAGE),
    answer=Nothing(),
)
