"""A real server process, as a user starts it."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request


class Process:
    """One ``tapewatch up`` with its address and its log."""

    def __init__(self, folder, *arguments, **environment):
        self.data = folder / "data"
        command = [sys.executable, "-m", "tapewatch", "up", "--data", str(self.data)]
        if "--listen" not in arguments:
            command += ["--listen", "127.0.0.1:0"]
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TAPEWATCH_")}
        self._log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=folder,
            # What else runs on this machine is no business of a test that does not ask for it.
            env={**clean, "TAPEWATCH_REGIONS_ENABLED": "false", **environment},
        )
        self.banner = []
        self.url = self._find_url()

    def _find_url(self):
        for line in self.process.stdout:
            self.banner.append(line.rstrip())
            if line.startswith("  stop"):
                break
        found = re.search(r"http://\S+:\d+", "\n".join(self.banner))
        return found and found[0]

    def log(self):
        self._log.flush()
        with open(self._log.name) as file:
            return file.read()

    def log_lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def get(self, path, *, method="GET", body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as fault:
            with fault:
                return fault.code, fault.headers, fault.read()

    def stop(self, number=15):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        return status
