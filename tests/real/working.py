"""An application of Celery with an outbox, on a broker of files: `celery -A tests.real.working worker`.

Each task puts an event into an outbox in memory, and says on standard output that it has; each pool process that ends
says so when its outbox has ended.
"""

import os
from importlib import import_module
from typing import Any

from ciokit import Outbox, track_client

app: Any = import_module("celery").Celery("working", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": os.environ["BROKER"],
        "data_folder_out": os.environ["BROKER"],
        "processed_folder": os.environ["BROKER"],
        "store_processed": False,
    },
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_proc_alive_timeout=60,
)
outbox = Outbox(track_client(), flush_interval=3600)  # so that nothing arrives before a process ends
outbox.track("loaded", "worked")  # connects the outbox to Celery's signal, before what follows


def tell_end(**_: object) -> None:
    """Say that a pool process ends."""
    os.write(1, b"ended\n")


import_module("celery.signals").worker_process_shutdown.connect(tell_end)


def put(name: str) -> None:
    """Put an event about somebody."""
    outbox.track(name, "worked")
    os.write(1, f"{os.getpid()}\n".encode())


say: Any = app.task(name="say")(put)
