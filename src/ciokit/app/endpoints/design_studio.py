"""Operations on the folders and components of Design Studio."""

from typing import Final

from ciokit.app.answers import Nothing, Plain
from ciokit.app.endpoint import Endpoint, body, path, query
from ciokit.app.words import Order, PageSize, PageSize10k, SortBy, Timestamp

RESOURCES: Final = {
    "design_studio": "Work with Design Studio: folders, e-mails, their translations, components.",
    "design_studio.folders": "Create, read and change the folders of Design Studio.",
    "design_studio.components": "Create, read and change the components of Design Studio.",
}

NAME = body("name", str, "Its name.")
NEW_NAME = body("name", str, "Its name.", required=True, positional=True)
PARENT = body("parent_folder_id", str, "The folder it is in; None for none.", nullable=True)
LISTED = (
    query("parent_folder_id", str, "Only what is in this folder."),
    query("direct_descendants_only", bool, "Whether to leave out the contents of subfolders."),
    query("sort_by", SortBy, "`created`, `updated` or `name`; `created` if omitted."),
    query("sort_order", Order, "`asc` or `desc`; `asc` if omitted."),
    query("created_before", Timestamp, "Leave out what was created later."),
    query("created_after", Timestamp, "Leave out what was created earlier."),
    query("updated_before", Timestamp, "Leave out what was changed later."),
    query("updated_after", Timestamp, "Leave out what was changed earlier."),
    query("page", PageSize, "Which page, from 1."),
    query("page_size", PageSize10k, "Items per page, at most 10,000; 1,000 if omitted.", wire="limit"),
)

_FOLDER = path("folder_id", str, "The folder.")
_COMPONENT = path("component_id", str, "The component.")

DESIGN_STUDIO_FOLDERS_LIST = Endpoint(
    kind="design_studio.folders.list",
    method="GET",
    path="/v1/design_studio/folders",
    doc="List folders.",
    params=LISTED,
    answer=Plain(),
    returns="`folders`, and `meta` about the pages.",
)
DESIGN_STUDIO_FOLDERS_CREATE = Endpoint(
    kind="design_studio.folders.create",
    method="POST",
    path="/v1/design_studio/folders",
    doc="Create a folder.",
    params=(NEW_NAME, PARENT),
    answer=Plain(),
    returns="`folder`.",
)
DESIGN_STUDIO_FOLDERS_GET = Endpoint(
    kind="design_studio.folders.get",
    method="GET",
    path="/v1/design_studio/folders/{folder_id}",
    doc="Read a folder.",
    params=(_FOLDER,),
    answer=Plain(),
    returns="`folder`.",
)
DESIGN_STUDIO_FOLDERS_UPDATE = Endpoint(
    kind="design_studio.folders.update",
    method="PUT",
    path="/v1/design_studio/folders/{folder_id}",
    doc="Rename or move a folder.",
    params=(_FOLDER, NAME, PARENT),
    answer=Nothing(),
    some=True,
)
DESIGN_STUDIO_FOLDERS_DELETE = Endpoint(
    kind="design_studio.folders.delete",
    method="DELETE",
    path="/v1/design_studio/folders/{folder_id}",
    doc="Delete a folder.",
    params=(_FOLDER,),
    answer=Nothing(),
)
DESIGN_STUDIO_COMPONENTS_LIST = Endpoint(
    kind="design_studio.components.list",
    method="GET",
    path="/v1/design_studio/components",
    doc="List components.",
    params=(query("tag", str, "Only the component of this tag."), *LISTED),
    answer=Plain(),
    returns="`components`, `folders`, and `meta` about the pages.",
)
DESIGN_STUDIO_COMPONENTS_CREATE = Endpoint(
    kind="design_studio.components.create",
    method="POST",
    path="/v1/design_studio/components",
    doc="Create a component.",
    params=(
        NEW_NAME,
        body("tag", str, "Its tag.", required=True, positional=True),
        body("content", str, "Its source."),
        PARENT,
    ),
    answer=Plain(),
    returns="`component`.",
)
DESIGN_STUDIO_COMPONENTS_GET = Endpoint(
    kind="design_studio.components.get",
    method="GET",
    path="/v1/design_studio/components/{component_id}",
    doc="Read a component.",
    params=(_COMPONENT,),
    answer=Plain(),
    returns="`component`.",
)
DESIGN_STUDIO_COMPONENTS_UPDATE = Endpoint(
    kind="design_studio.components.update",
    method="PUT",
    path="/v1/design_studio/components/{component_id}",
    doc="Change a component.",
    params=(_COMPONENT, NAME, body("tag", str, "Its tag."), body("content", str, "Its source."), PARENT),
    answer=Nothing(),
    some=True,
)
DESIGN_STUDIO_COMPONENTS_DELETE = Endpoint(
    kind="design_studio.components.delete",
    method="DELETE",
    path="/v1/design_studio/components/{component_id}",
    doc="Delete a component.",
    params=(_COMPONENT,),
    answer=Nothing(),
)
