"""Operations on assets: files that messages show, and their folders."""

from typing import Final

from ciokit.app.answers import Nothing, Plain
from ciokit.app.attachments import Content
from ciokit.app.endpoint import Endpoint, Param, body, path, query
from ciokit.app.uploads import encode_upload
from ciokit.app.words import AssetId, Number, PageSize, PageSize10k

RESOURCES: Final = {
    "assets": "Manage files that messages show.",
    "assets.files": "Upload, read and change files.",
    "assets.folders": "Create, read and change the folders of files.",
}

_LISTED = (
    query("parent_folder_id", Number, "Only what is in this folder."),
    query("direct_descendants_only", bool, "Whether to leave out the contents of subfolders."),
    query("page", PageSize, "Which page, from 1."),
    query("page_size", PageSize10k, "Items per page, at most 10,000; 1,000 if omitted.", wire="limit"),
)
_FILE = path("asset_id", AssetId, "The file.")
_FOLDER = path("folder_id", AssetId, "The folder.")
_NAME = body("name", str, "Its name.")
_PARENT = body("parent_folder_id", Number, "The folder it is in; None for none.", nullable=True)

ASSETS_FILES_LIST = Endpoint(
    kind="assets.files.list",
    method="GET",
    path="/v1/assets",
    doc="List files.",
    params=_LISTED,
    answer=Plain(),
    returns="`assets`, and `meta` about the pages.",
)
ASSETS_FILES_CREATE = Endpoint(
    kind="assets.files.create",
    method="POST",
    path="/v1/assets/files",
    doc=(
        "Upload a file.\n"
        "The vendor takes bmp, jpeg, png, gif and pdf, at most 2 MB, pictures of at most 4,096 pixels a side."
    ),
    params=(
        Param(
            name="content",
            kind=Content,
            doc="The file: its path, its bytes or an open file.",
            place="option",
            required=True,
            positional=True,
            apart=True,
        ),
        Param(
            name="filename",
            kind=str,
            doc="Its name with the extension, which determines its type; by default the path's.",
            place="option",
        ),
        Param(
            name="name",
            kind=str,
            doc="What the asset is called; the file's name if omitted.",
            place="option",
        ),
        Param(name="parent_folder_id", kind=Number, doc="The folder it goes to.", place="option"),
    ),
    answer=Plain(),
    returns="`asset`.",
    encode=encode_upload,
)
ASSETS_FILES_GET = Endpoint(
    kind="assets.files.get",
    method="GET",
    path="/v1/assets/files/{asset_id}",
    doc="Read the description of a file.",
    params=(_FILE,),
    answer=Plain(),
    returns="`asset`.",
)
ASSETS_FILES_UPDATE = Endpoint(
    kind="assets.files.update",
    method="PUT",
    path="/v1/assets/files/{asset_id}",
    doc="Rename or move a file.",
    params=(_FILE, _NAME, _PARENT),
    answer=Nothing(),
    some=True,
)
ASSETS_FILES_DELETE = Endpoint(
    kind="assets.files.delete",
    method="DELETE",
    path="/v1/assets/files/{asset_id}",
    doc="Delete a file.",
    params=(_FILE,),
    answer=Nothing(),
)
ASSETS_FOLDERS_LIST = Endpoint(
    kind="assets.folders.list",
    method="GET",
    path="/v1/assets/folders",
    doc="List folders.",
    params=_LISTED,
    answer=Plain(),
    returns="`folders`, and `meta` about the pages.",
)
ASSETS_FOLDERS_CREATE = Endpoint(
    kind="assets.folders.create",
    method="POST",
    path="/v1/assets/folders",
    doc="Create a folder.",
    params=(
        body("name", str, "Its name.", required=True, positional=True),
        body("parent_folder_id", Number, "The folder it is in."),
    ),
    answer=Plain(),
    returns="`folder`.",
)
ASSETS_FOLDERS_GET = Endpoint(
    kind="assets.folders.get",
    method="GET",
    path="/v1/assets/folders/{folder_id}",
    doc="Read a folder.",
    params=(_FOLDER,),
    answer=Plain(),
    returns="`folder`.",
)
ASSETS_FOLDERS_UPDATE = Endpoint(
    kind="assets.folders.update",
    method="PUT",
    path="/v1/assets/folders/{folder_id}",
    doc="Rename or move a folder.",
    params=(_FOLDER, _NAME, _PARENT),
    answer=Nothing(),
    some=True,
)
ASSETS_FOLDERS_DELETE = Endpoint(
    kind="assets.folders.delete",
    method="DELETE",
    path="/v1/assets/folders/{folder_id}",
    doc="Delete a folder that is empty.",
    params=(_FOLDER,),
    answer=Nothing(),
)
