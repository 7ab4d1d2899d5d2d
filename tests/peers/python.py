# SPDX-License-Identifier: MIT
"""Python: subprocess.Popen, or os.posix_spawn. popen|posix_spawn CHILD COUNT"""
import os
import subprocess
import sys
import time


def launch_popen(child):
    start = time.monotonic_ns()
    process = subprocess.Popen([child])
    returned = time.monotonic_ns()
    status = process.wait()
    return status, returned - start, time.monotonic_ns() - start


def launch_posix_spawn(child):
    start = time.monotonic_ns()
    pid = os.posix_spawn(child, [child], os.environ)
    returned = time.monotonic_ns()
    status = os.waitpid(pid, 0)[1]
    return status, returned - start, time.monotonic_ns() - start


launch = {"popen": launch_popen, "posix_spawn": launch_posix_spawn}[sys.argv[1]]
for _ in range(int(sys.argv[3])):
    status, returned, reaped = launch(sys.argv[2])
    if status != 0:
        sys.exit(f"the child: status {status}")
    print(returned, reaped)
