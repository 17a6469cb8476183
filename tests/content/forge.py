# SPDX-License-Identifier: Apache-2.0
"""forge: keys, and bundles good and bad, as bytes.

What is bad is made here by hand, from the description in userspace/content/seal.h and bundle.h and
not with the code that is tested; only signatures are made by `lapwing bundle sign`.
"""

import hashlib
import os
import struct
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = "build-san" if os.environ.get("SAN") == "1" else "build"
LAPWING = os.path.join(TOP, BUILD, "lapwing")

RULE = """title: Canary
id: 5f3c1f4e-1f3c-4d1a-9d0e-0123456789ab
status: test
logsource:
  product: linux
  category: process_creation
detection:
  s:
    Image|endswith: /canary
  condition: s
level: low
"""
STORY = """rule: 5f3c1f4e-1f3c-4d1a-9d0e-0123456789ab
positive:
  - Image: /tmp/canary
negative:
  - Image: /bin/true
"""


class Failed(Exception):
    """Something that the test needs did not work."""


def lapwing(*argv, check=True, **kwargs):
    r = subprocess.run([LAPWING, *map(str, argv)], capture_output=True, text=True, timeout=120,
                       check=False, **kwargs)
    if check and r.returncode:
        raise Failed(f"lapwing {' '.join(map(str, argv))}: {r.stderr.strip()}{r.stdout.strip()}")
    return r


def varint(v):
    out = bytearray()
    while v > 0x7f:
        out.append(v & 0x7f | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def message(*fields):
    """Protobuf: (number, int or bytes) each; an int is a varint."""
    out = b""
    for number, v in fields:
        if isinstance(v, int):
            out += varint(number << 3) + varint(v)
        else:
            v = v.encode() if isinstance(v, str) else v
            out += varint(number << 3 | 2) + varint(len(v)) + v
    return out


def split(data):
    """The fields of a protobuf message, as message() takes them."""
    fields, at = [], 0

    def number():
        nonlocal at
        v = shift = 0
        while True:
            b = data[at]
            at += 1
            v |= (b & 0x7f) << shift
            shift += 7
            if b < 0x80:
                return v

    while at < len(data):
        key = number()
        if key & 7:
            n = number()
            fields.append((key >> 3, data[at:at + n]))
            at += n
        else:
            fields.append((key >> 3, number()))
    return fields


def replaced(fields, **values):
    """@fields with others in the place of those that @values names, as f5=..."""
    numbers = {int(k[1:]): v for k, v in values.items()}
    return [(n, v) for n, v in fields if n not in numbers] + list(numbers.items())


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c", "-3"], input=data, capture_output=True, check=True).stdout


def blob(name, text, size=None, packed=None, digest=None):
    text = text.encode() if isinstance(text, str) else text
    name = name.encode()
    packed = zstd(text) if packed is None else packed
    digest = digest or hashlib.blake2b(packed, digest_size=32).digest()
    return (bytes([len(name)]) + name +
            struct.pack("<II", len(text) if size is None else size, len(packed)) + digest + packed)


def body(manifest, blobs, n_blobs=None):
    return (struct.pack("<I", len(manifest)) + manifest +
            struct.pack("<I", len(blobs) if n_blobs is None else n_blobs) + b"".join(blobs))


def seal(content, kind=1, version=1, n=0, rows=b""):
    return b"LAPWSEAL" + struct.pack("<IBBH", version, kind, n, 0) + rows + content


class Forge:
    """Keys and a root in @folder, and what is made with them."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = {}
        for name in ("root1", "root2", "rel1", "rel2", "rel3", "roll", "strange1", "strange2"):
            self.keys[name] = self.path(name)
            lapwing("bundle", "keygen", self.keys[name])
        self.root = self.path("root")
        argv = ["bundle", "root", "-o", self.root, "--version", 1, "--need", "root=2", "--need",
                "release=2"]
        for role, names in (("root", ("root1", "root2")), ("release", ("rel1", "rel2", "rel3")),
                            ("rollout", ("roll",))):
            for name in names:
                argv += ["--key", f"{role}:{name}={self.keys[name]}.pub"]
        lapwing(*argv)
        self.sign(self.root, "root1", "root2")
        self.count = 0
        self.good_fields = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, path, *names):
        for name in names:
            lapwing("bundle", "sign", "--key", self.keys[name], path)

    def file(self, data):
        self.count += 1
        path = self.path(f"{self.count}.lwb")
        with open(path, "wb") as f:
            f.write(data)
        return path

    def sealed(self, content, signers=("rel1", "rel2"), kind=1):
        path = self.file(seal(content, kind))
        self.sign(path, *signers)
        with open(path, "rb") as f:
            return f.read()

    def fields(self):
        """The manifest of a good bundle, as fields; from one that the tool has built."""
        if not self.good_fields:
            os.makedirs(self.path("rules"), exist_ok=True)
            for name, text in (("canary.yml", RULE), ("canary.test.yml", STORY)):
                with open(self.path(f"rules/{name}"), "w", encoding="utf-8") as f:
                    f.write(text)
            lapwing("bundle", "build", "-o", self.path("good.lwb"), "--name", "good", "--version", 1,
                    self.path("rules"))
            with open(self.path("good.lwb"), "rb") as f:
                data = f.read()[16:]
            self.good_fields = split(data[4:4 + struct.unpack("<I", data[:4])[0]])
        return list(self.good_fields)

    def manifest(self, **values):
        return message(*replaced(self.fields(), **values))

    def bundle(self, rule=RULE, story=STORY, more=(), signers=("rel1", "rel2"), **values):
        values.setdefault("f2", int(time.time()) + self.count)  # another one each time
        blobs = [blob("rules.yml", rule)]
        blobs += [blob("rules.test.yml", story)] if story else []
        return self.sealed(body(self.manifest(**values), blobs + list(more)), signers)
