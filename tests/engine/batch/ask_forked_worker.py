"""Be a worker by way of `forked_worker.py`: `python -I -S ask_forked_worker.py SOCKET` with a worker's own pipes."""

import os
import signal
import socket
import sys

with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    socket.send_fds(line, [os.environ.get("QUIETWING_TEST_FLAG", "-").encode()], [0, 1, 2])
    for pipe in (0, 1):  # the fork has them now: they close with it
        os.close(pipe)
    answer = line.recv(1)
if not answer:  # it was killed
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(answer[0])
