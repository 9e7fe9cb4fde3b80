"""The Pipelines API: clients, and the operations that `batch` takes."""

from ciokit.pipelines.client import AsyncPipelinesClient, PipelinesClient
from ciokit.pipelines.operations import (
    AddDevice,
    Alias,
    Delete,
    DeleteDevice,
    DeleteObject,
    DeleteRelationship,
    Group,
    Identify,
    Operation,
    Page,
    ReportContent,
    ReportDelivery,
    Screen,
    Suppress,
    Track,
    Unsuppress,
)
from ciokit.pipelines.verbs import CallOptions, PipelinesVerbs

__all__ = [
    "AddDevice",
    "Alias",
    "AsyncPipelinesClient",
    "CallOptions",
    "Delete",
    "DeleteDevice",
    "DeleteObject",
    "DeleteRelationship",
    "Group",
    "Identify",
    "Operation",
    "Page",
    "PipelinesClient",
    "PipelinesVerbs",
    "ReportContent",
    "ReportDelivery",
    "Screen",
    "Suppress",
    "Track",
    "Unsuppress",
]
