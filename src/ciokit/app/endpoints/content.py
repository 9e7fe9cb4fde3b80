"""Operations on what messages share: collections and snippets."""

from typing import Any, Final

from ciokit.app.answers import Anything, Many, Nothing, One
from ciokit.app.endpoint import Endpoint, body, entire, path
from ciokit.app.endpoints.checks import at_most_one_of, exactly_one_of
from ciokit.app.records import Collection, Snippet
from ciokit.app.words import Number, Rows

RESOURCES: Final = {
    "collections": "Manage rows of data that messages refer to.",
    "snippets": "Manage pieces of text that messages share.",
}

_COLLECTION = path("collection_id", Number, "The collection's number.")
_DATA = body("data", Rows, "The rows; not with `url`.")
_URL = body("url", str, "Where the service gets the rows from; not with `data`.")
_SNIPPET = (
    body("name", str, "Its name, at most 150 characters.", required=True, positional=True),
    body("value", str, "The text or Liquid.", required=True, positional=True),
)

COLLECTIONS_LIST = Endpoint(
    kind="collections.list",
    method="GET",
    path="/v1/collections",
    doc="List the collections.",
    answer=Many(Collection, "collections"),
    returns="All of them.",
)
COLLECTIONS_CREATE = Endpoint(
    kind="collections.create",
    method="POST",
    path="/v1/collections",
    doc="Create a collection from rows, or from a file at an address.",
    params=(body("name", str, "Its name.", required=True, positional=True), _DATA, _URL),
    answer=One(Collection, "collection"),
    returns="The collection.",
    check=exactly_one_of("data", "url"),
)
COLLECTIONS_GET = Endpoint(
    kind="collections.get",
    method="GET",
    path="/v1/collections/{collection_id}",
    doc="Read the description of a collection, without its rows.",
    params=(_COLLECTION,),
    answer=One(Collection, "collection"),
    returns="The collection.",
)
COLLECTIONS_UPDATE = Endpoint(
    kind="collections.update",
    method="PUT",
    path="/v1/collections/{collection_id}",
    doc="Rename a collection, or replace its rows.",
    params=(_COLLECTION, body("name", str, "Its name."), _DATA, _URL),
    answer=One(Collection, "collection"),
    returns="The collection as it is now.",
    some=True,
    check=at_most_one_of("data", "url"),
)
COLLECTIONS_DELETE = Endpoint(
    kind="collections.delete",
    method="DELETE",
    path="/v1/collections/{collection_id}",
    doc="Delete a collection that no campaign refers to.",
    params=(_COLLECTION,),
    answer=Nothing(),
)
COLLECTIONS_CONTENT = Endpoint[Any](
    kind="collections.content",
    method="GET",
    path="/v1/collections/{collection_id}/content",
    doc="Read the rows of a collection.",
    params=(_COLLECTION,),
    answer=Anything(),
    returns="The rows as the service has them.",
)
COLLECTIONS_REPLACE_CONTENT = Endpoint(
    kind="collections.replace_content",
    method="PUT",
    path="/v1/collections/{collection_id}/content",
    doc="Replace all rows of a collection.",
    params=(_COLLECTION, entire("rows", Rows, "The rows.")),
    answer=One(Collection, "collection"),
    returns="The collection as it is now.",
)
SNIPPETS_LIST = Endpoint(
    kind="snippets.list",
    method="GET",
    path="/v1/snippets",
    doc="List the snippets.",
    answer=Many(Snippet, "snippets"),
    returns="All of them.",
)
SNIPPETS_CREATE = Endpoint(
    kind="snippets.create",
    method="POST",
    path="/v1/snippets",
    doc="Create a snippet.",
    params=_SNIPPET,
    answer=One(Snippet, "snippet"),
    returns="The snippet.",
)
SNIPPETS_UPDATE = Endpoint(
    kind="snippets.update",
    method="PUT",
    path="/v1/snippets",
    doc="Change a snippet, or create it if there is none of this name.",
    params=_SNIPPET,
    answer=One(Snippet, "snippet"),
    returns="The snippet as it is now.",
)
SNIPPETS_DELETE = Endpoint(
    kind="snippets.delete",
    method="DELETE",
    path="/v1/snippets/{name}",
    doc="Delete a snippet that no message uses.",
    params=(path("name", str, "Its name."),),
    answer=Nothing(),
)
