"""A worker process of a batch: takes items from its parent, one at a time, and ends when the parent does.

Started as ``python -P -m quietwing.coverage.batch.worker PARENT_PID``. Items come pickled through standard input,
answers go back as one JSON line each.
"""

import ctypes
import json
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from dataclasses import replace
from typing import Any

from quietwing.sites import QuietwingError

__all__ = ["main"]

PR_SET_PDEATHSIG = 1  # Linux, <sys/prctl.h>
LOOK_EVERY_S = 0.5


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _die_with(int(sys.argv[1]))
    # What an item prints must not pass for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(**answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    # The engine: after this process is bound to its parent's life, before the first item's clock runs.
    import quietwing.coverage.batch.tasks  # noqa: F401

    say(kind="ready")
    while True:
        try:
            packed, folder = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        say(**_done(packed, folder))


def _done(packed: tuple[bytes, bytes | None], folder: Any) -> dict[str, Any]:
    """Do one item and say how it went."""
    try:
        task, item = pickle.loads(packed[0])
        if packed[1] is not None:
            item = replace(item, site=pickle.loads(packed[1]))
        task(item, folder)
    except QuietwingError as error:
        return {"kind": "refused", "text": str(error)}
    except OSError as error:
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(folder)
        return {"kind": "environment", "errno": error.errno, "text": error.strerror or str(error), "name": name}
    except Exception:
        return {"kind": "broken", "text": traceback.format_exc()}
    return {"kind": "done"}


def _die_with(parent: int) -> None:
    """End when the parent ends, at once where the system can do that, else within half a second."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_S)
        os._exit(1)

    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=look, daemon=True).start()


if __name__ == "__main__":
    main()
