"""Runs the emulator as long as the process that started it lives.

Standard input is a pipe from that process and carries nothing. Its end means that the parent is gone, however it went:
then the whole process group (the emulator and the workers of its Lambdas) is killed and the run's folder, the only
argument, is removed.
"""

import os
import runpy
import shutil
import signal
import sys
import threading


def end_with_parent(pipe: int, folder: str) -> None:
    while True:
        try:
            if not os.read(pipe, 1024):
                break
        except OSError:
            break
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    folder = sys.argv[1]
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    # The pipe moves away from standard input, so that no worker inherits it.
    pipe = os.dup(0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    threading.Thread(target=end_with_parent, args=(pipe, folder), daemon=True).start()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


main()
