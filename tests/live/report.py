# SPDX-License-Identifier: Apache-2.0
"""The lines that scripts/ladder counts."""


class Report:
    """ok, not ok, skip; @only is a case's name, or a part of names."""

    def __init__(self, prefix, only=None):
        self.prefix, self.only, self.failed, self.counts = prefix, only, 0, {}

    def wants(self, name):
        return not self.only or self.only in f"{self.prefix}{name}"

    def say(self, line, word):
        self.counts[word] = self.counts.get(word, 0) + 1
        print(line, flush=True)

    @staticmethod
    def remark(*lines):
        """What counts for nothing and is worth reading; one that has several lines, as several."""
        for line in lines:
            for row in str(line).splitlines():
                print(f"# {row}", flush=True)

    def result(self, name, faults):
        """Prints what was found wrong with a case; nothing found is ok."""
        if not self.wants(name):
            return
        faults = list(faults)
        self.remark(*faults)
        self.failed |= bool(faults)
        word = "not ok" if faults else "ok"
        self.say(f"{word} {self.prefix}{name}", word)

    def skip(self, name, reason):
        if self.wants(name):
            self.say(f"skip {self.prefix}{name}: {' '.join(str(reason).split())}", "skip")
