"""Operations on the e-mails of Design Studio and their translations."""

from collections.abc import Mapping
from typing import Any, Final

from ciokit.app.answers import Nothing, Plain
from ciokit.app.bodies import DesignStudioContent, DesignStudioEnvelope
from ciokit.app.endpoint import Endpoint, body, path, query
from ciokit.app.endpoints.design_studio import LISTED, NAME, NEW_NAME, PARENT
from ciokit.app.words import Data, Flag

RESOURCES: Final = {
    "design_studio.emails": "Create, read and change the e-mails of Design Studio.",
    "design_studio.languages": "Create, read and change the translations of a Design Studio e-mail.",
}

_EMAIL = path("email_id", str, "The e-mail.")
_LANGUAGE = path("language", str, "The language's tag, for example `fr`.")
_IS_TEMPLATE = body("is_template", bool, "Whether it is a template from which others can be created.")
_WHOLE = (
    body("content", DesignStudioContent | Mapping[str, Any], "What it says."),
    body("envelope", DesignStudioEnvelope | Mapping[str, Any], "The sender and the recipients."),
    body("transformers", Data, "Settings of what turns its source into HTML.", is_object=True),
)

DESIGN_STUDIO_EMAILS_LIST = Endpoint(
    kind="design_studio.emails.list",
    method="GET",
    path="/v1/design_studio/emails",
    doc="List e-mails.",
    params=(
        query("is_template", Flag, "`true` for templates only, `false` for all others."),
        query("has_translations", Flag, "`true` for translated ones only, `false` for all others."),
        query("is_linked", Flag, "`true` for those that a message uses, `false` for all others."),
        *LISTED,
    ),
    answer=Plain(),
    returns="`emails`, `folders`, and `meta` about the pages.",
)
DESIGN_STUDIO_EMAILS_CREATE = Endpoint(
    kind="design_studio.emails.create",
    method="POST",
    path="/v1/design_studio/emails",
    doc="Make an e-mail.",
    params=(NEW_NAME, *_WHOLE, _IS_TEMPLATE, PARENT),
    answer=Plain(),
    returns="`email`.",
)
DESIGN_STUDIO_EMAILS_GET = Endpoint(
    kind="design_studio.emails.get",
    method="GET",
    path="/v1/design_studio/emails/{email_id}",
    doc="Read an e-mail.",
    params=(_EMAIL,),
    answer=Plain(),
    returns="`email`.",
)
DESIGN_STUDIO_EMAILS_UPDATE = Endpoint(
    kind="design_studio.emails.update",
    method="PUT",
    path="/v1/design_studio/emails/{email_id}",
    doc="Change an e-mail.",
    params=(_EMAIL, NAME, *_WHOLE, _IS_TEMPLATE, PARENT),
    answer=Nothing(),
    some=True,
)
DESIGN_STUDIO_EMAILS_DELETE = Endpoint(
    kind="design_studio.emails.delete",
    method="DELETE",
    path="/v1/design_studio/emails/{email_id}",
    doc="Delete an e-mail.",
    params=(_EMAIL,),
    answer=Nothing(),
)
DESIGN_STUDIO_LANGUAGES_LIST = Endpoint(
    kind="design_studio.languages.list",
    method="GET",
    path="/v1/design_studio/emails/{email_id}/languages",
    doc="List the translations of an e-mail.",
    params=(_EMAIL,),
    answer=Plain(),
    returns="`email_translations`.",
)
DESIGN_STUDIO_LANGUAGES_CREATE = Endpoint(
    kind="design_studio.languages.create",
    method="POST",
    path="/v1/design_studio/emails/{email_id}/languages",
    doc="Add a translation to an e-mail; what it leaves out is as in the default language.",
    params=(_EMAIL, body("language", str, _LANGUAGE.doc, required=True, positional=True), *_WHOLE),
    answer=Plain(),
    returns="`email_translation`.",
)
DESIGN_STUDIO_LANGUAGES_GET = Endpoint(
    kind="design_studio.languages.get",
    method="GET",
    path="/v1/design_studio/emails/{email_id}/languages/{language}",
    doc="Read a translation of an e-mail.",
    params=(_EMAIL, _LANGUAGE),
    answer=Plain(),
    returns="`email_translation`.",
)
DESIGN_STUDIO_LANGUAGES_UPDATE = Endpoint(
    kind="design_studio.languages.update",
    method="PUT",
    path="/v1/design_studio/emails/{email_id}/languages/{language}",
    doc="Change a translation of an e-mail.",
    params=(_EMAIL, _LANGUAGE, *_WHOLE),
    answer=Nothing(),
    some=True,
)
DESIGN_STUDIO_LANGUAGES_DELETE = Endpoint(
    kind="design_studio.languages.delete",
    method="DELETE",
    path="/v1/design_studio/emails/{email_id}/languages/{language}",
    doc="Delete a translation of an e-mail.",
    params=(_EMAIL, _LANGUAGE),
    answer=Nothing(),
)
