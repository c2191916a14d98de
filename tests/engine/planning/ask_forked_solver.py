"""Ask the process of `forked_solver.py` to solve a folder: `python -I -S ask_forked_solver.py SOCKET FOLDER`."""

import socket
import sys

with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    line.sendall(sys.argv[2].encode())
    answer = line.recv(1)
sys.exit(answer[0] if answer else 1)  # no answer: it died
