"""A program under the reloader of a development server: `python -m tests.real.reloading RELOADER FILE`.

The reloader runs the program once more in a child, and again in another one whenever the file has changed. Each child
puts events of a person who is named after its process, which is then said in a line.
"""

import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ciokit import Outbox, TrackClient

MANY = 30
urlpatterns: list[Any] = []


def serve() -> None:
    """Put, and serve until the process ends."""
    outbox = Outbox(TrackClient(), spool=os.environ.get("CIOKIT_SPOOL"), flush_interval=3600)
    for number in range(MANY):
        outbox.track(str(os.getpid()), "counted", {"n": number})
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    threading.Event().wait()


def with_werkzeug(file: str) -> None:
    """Run as `flask run --debug` does."""
    from werkzeug._reloader import run_with_reloader

    run_with_reloader(serve, extra_files=[file], interval=0.05, reloader_type="stat")


def with_django(file: str) -> None:
    """Run as `manage.py runserver` does."""
    django: Any = import_module("django")  # it has no types
    settings: Any = import_module("django.conf").settings
    autoreload: Any = import_module("django.utils.autoreload")

    def watch(sender: Any, **_: object) -> None:
        sender.SLEEP_TIME = 0.05
        sender.extra_files.add(Path(file))

    settings.configure(ROOT_URLCONF=__name__)
    django.setup()
    autoreload.autoreload_started.connect(watch, weak=False)
    autoreload.run_with_reloader(serve)


RELOADERS: dict[str, Callable[[str], None]] = {"werkzeug": with_werkzeug, "django": with_django}

if __name__ == "__main__":
    RELOADERS[sys.argv[1]](sys.argv[2])
