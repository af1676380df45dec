"""Runs the emulator as long as the process that started it lives.

Standard input is a pipe from that process and carries nothing. Its end means that the parent is gone, however it went:
then the whole process group (the emulator and the workers of its Lambdas) is killed and the run's folder, the first
argument, is removed.

The second argument is an address, below which lie two more. The emulator sends an event to an API destination once and
forgets it; here it hands it over to `deliveries`, whose owner delivers with retries and a dead-letter queue, as EventBridge
does. What functions log it keeps to itself; here it tells `function-logs`, whose owner evaluates metric filters on it.
Of patterns for space-delimited log events it knows nothing. Whenever a worker of a function starts, it unpacks the function's code
anew, which took more of its time than all else; here it is unpacked once. What it lacks of EC2 stands in `emulator_ec2.py`.
"""

import hashlib
import importlib
import json
import os
import runpy
import shutil
import signal
import sys
import tempfile
import threading
import time
import types
import urllib.request
import zipfile


def end_with_parent(pipe: int, folder: str) -> None:
    while True:
        try:
            if not os.read(pipe, 1024):
                break
        except OSError:
            break
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def hand_over(address: str, what: dict, logger) -> None:
    def post() -> None:
        headers = {"Content-Type": "application/json"}
        try:
            urllib.request.urlopen(urllib.request.Request(address, json.dumps(what).encode(), headers), timeout=10).close()
        except OSError as error:
            logger.error("Something could not be handed over to %s: %s", address, error)

    threading.Thread(target=post, daemon=True).start()


def hand_over_api_destinations(address: str) -> None:
    from ministack.core.responses import get_region
    from ministack.services import eventbridge

    deliver_other = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None):
        if ":api-destination/" not in target.get("Arn", ""):
            deliver_other(target, event, rule, view)
            return
        view = view or eventbridge._pattern_event_view(event)
        handed = {"target": target, "rule": rule, "event": view.event_with_detail(), "region": get_region()}
        hand_over(address, handed, eventbridge.logger)

    eventbridge._invoke_target = invoke_target


def hand_over_function_logs(address: str) -> None:
    from ministack.core.responses import get_region
    from ministack.services import lambda_svc

    emit = lambda_svc._emit_lambda_logs

    def emit_lambda_logs(func, request_id, log_text, *args, **kwargs):
        emit(func, request_id, log_text, *args, **kwargs)
        group = ((func.get("config") or func).get("LoggingConfig") or {}).get("LogGroup")
        lines = log_text.splitlines() if log_text else []
        if group and lines:
            now = int(time.time() * 1000)
            events = [{"timestamp": now, "message": line} for line in lines]
            hand_over(address, {"region": get_region(), "logGroupName": group, "events": events}, lambda_svc.logger)

    lambda_svc._emit_lambda_logs = emit_lambda_logs


def filter_space_delimited() -> None:
    """FilterLogEvents takes everything for a pattern for JSON events, as whoever asks filters again; so too for `[...]`."""
    from ministack.services import cloudwatch_logs

    compile_pattern = cloudwatch_logs._compile_filter_pattern

    def compile_filter_pattern(raw: str):
        return compile_pattern("" if (raw or "").strip().startswith("[") else raw)

    cloudwatch_logs._compile_filter_pattern = compile_filter_pattern


def unpack_once() -> None:
    """Archives of code are unpacked once, and workers get links to what came of them: nobody writes there. They lie where workers'
    own folders do: Node tells by a file there what kind of modules they hold."""
    from ministack.core import lambda_runtime

    turn = threading.Lock()

    class Archive(zipfile.ZipFile):
        def extractall(self, path=None, members=None, pwd=None):
            with open(self.filename, "rb") as archive:
                kept = os.path.join(tempfile.gettempdir(), "code", hashlib.sha256(archive.read()).hexdigest())
            with turn:
                if not os.path.isdir(kept):
                    super().extractall(f"{kept}.draft")
                    os.rename(f"{kept}.draft", kept)
            for name in os.listdir(kept):
                os.symlink(os.path.join(kept, name), os.path.join(path, name))

    lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": Archive})


def main() -> None:
    folder, address = sys.argv[1:3]
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    # The pipe moves away from standard input, so that no worker inherits it.
    pipe = os.dup(0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    threading.Thread(target=end_with_parent, args=(pipe, folder), daemon=True).start()
    hand_over_api_destinations(address + "deliveries")
    hand_over_function_logs(address + "function-logs")
    filter_space_delimited()
    unpack_once()
    # Python is started apart from everything that is not installed, this folder included.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    importlib.import_module("emulator_ec2")
    sys.path.pop(0)
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


main()
