# SPDX-License-Identifier: Apache-2.0
"""What qemu boots: the kernel out of a vmlinuz, and an initramfs with init and its modules."""

import lzma
import os
import shlex
import struct
import subprocess
import zlib

HERE = os.path.dirname(os.path.realpath(__file__))
INIT_C = os.path.join(HERE, "init.c")

# what init needs before it has the host's files, where it is not built in
MODULES = ["virtio_pci", "virtio_console", "overlay", "virtiofs"]
CROSS = {"arm64": "aarch64-linux-gnu-"}


class BadImage(Exception):
    pass


def _pipe(command, data):
    try:
        return subprocess.run(command, input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout
    except FileNotFoundError as e:
        raise BadImage(f"{command[0]} is not installed") from e


def _unpack(payload):
    """The kernel's own payload carries its size in four bytes at its end, which the tools dislike."""
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        return _pipe(["zstd", "-dc"], payload)
    if payload.startswith(b"\x02\x21\x4c\x18"):
        return _pipe(["lz4", "-dc"], payload)
    raise BadImage(f"unknown compression {payload[:6]!r}")


def vmlinux(vmlinuz):
    """The ELF inside a bzImage: qemu enters it through its PVH note, which saves the guest from
    unpacking itself under emulation. See Documentation/arch/x86/boot.rst for the offsets."""
    with open(vmlinuz, "rb") as f:
        data = f.read()
    if data[0x202:0x206] != b"HdrS":
        raise BadImage(f"{vmlinuz} is not a bzImage")
    setup_sects = data[0x1F1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (setup_sects + 1) * 512 + offset
    payload = data[start:start + length]
    elf = _unpack(payload)
    size = struct.unpack("<I", payload[-4:])[0]
    if not elf.startswith(b"\x7fELF") or len(elf) != size:
        raise BadImage(f"{vmlinuz} unpacks to {len(elf)} bytes, not to an ELF file of {size}")
    return elf


def kernel(vmlinuz):
    """What qemu boots of it: on arm64 the Image as it is (Documentation/arch/arm64/booting.rst)."""
    with open(vmlinuz, "rb") as f:
        data = f.read()
    return data if data[56:60] == b"ARM\x64" else vmlinux(vmlinuz)


class Cpio:
    """A writer of the "newc" format, the one that the kernel reads."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 0

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        name = name.encode() + b"\0"
        self.inode += 1
        head = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        self.data += b"070701" + b"".join(b"%08x" % v for v in head) + name
        self.data += b"\0" * (-len(self.data) % 4) + data
        self.data += b"\0" * (-len(self.data) % 4)

    def file(self, name, data, mode=0o644):
        self._entry(name, 0o100000 | mode, data)

    def directory(self, name):
        self._entry(name, 0o40755)

    def device(self, name, major, minor):
        self._entry(name, 0o20600, b"", (major, minor))

    def end(self):
        self._entry("TRAILER!!!", 0)
        return bytes(self.data)


def _read_module(path):
    with open(path, "rb") as f:
        data = f.read()
    if path.endswith(".xz"):
        return lzma.decompress(data)
    if path.endswith(".zst"):
        return _pipe(["zstd", "-dc"], data)
    return data


def needed_modules(modules):
    """Paths below @modules (…/lib/modules/VERSION) in the order in which they can be loaded."""
    needs, by_name = {}, {}
    with open(os.path.join(modules, "modules.dep"), encoding="utf-8") as f:
        for line in f:
            path, _, deps = line.partition(":")
            needs[path] = deps.split()
            by_name[os.path.basename(path).split(".ko")[0].replace("-", "_")] = path
    order = []

    def add(path):
        for dep in reversed(needs[path]):
            add(dep)
        if path not in order:
            order.append(path)

    for name in MODULES:
        if name in by_name:
            add(by_name[name])
    return order


def initramfs(modules, init):
    """The part that is the same for every job; returns it and the modules' names inside."""
    cpio, names = Cpio(), []
    cpio.directory("dev")
    cpio.device("dev/console", 5, 1)
    cpio.device("dev/kmsg", 1, 11)
    cpio.directory("mod")
    with open(init, "rb") as f:
        cpio.file("init", f.read(), 0o755)
    for path in needed_modules(modules):
        name = "mod/" + os.path.basename(path).split(".ko")[0] + ".ko"
        cpio.file(name, _read_module(os.path.join(modules, path)))
        names.append("/" + name)
    return cpio.end(), names


def job(lines):
    """A second archive behind the first: the kernel unpacks both."""
    cpio = Cpio()
    cpio.file("job", b"".join(line.encode() + b"\0" for line in lines))
    return cpio.end()


def compile_init(out, arch):
    if arch == "amd64":
        compiler = shlex.split(os.environ.get("CC") or "cc")  # "ccache gcc" is one too
    else:
        compiler = [CROSS[arch] + "gcc"]
    command = [*compiler, "-O2", "-D_GNU_SOURCE", "-static", "-o", out, INIT_C]
    try:
        r = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as e:
        raise BadImage(f"{compiler[0]} is not installed") from e
    if r.returncode:
        raise BadImage(f"{' '.join(command)}: {r.stderr.strip()}")
