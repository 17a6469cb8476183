# SPDX-License-Identifier: Apache-2.0
"""One guest: qemu without KVM, the host's file tree as its root, one command, its exit status.

The guest's root is "/" of the host, or another tree, read-only, through virtiofsd; init.c says what is laid over it
and how it reports: frames over a virtio-serial port, which come out of a pipe here.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import namedtuple

import foreign
import image

TIMED_OUT, DIED, EMULATOR, SKIP = 124, 125, 123, 77
# What a kernel says that is patched on one emulated CPU while another runs the same code: the other may find
# the breakpoint of the patch when that is over.
STALE_BREAKPOINT = "int3: 0000 [#1]"
CLOCK_FAST = 1.2  # times ours: as fast as a guest's may be
LSM = "landlock,lockdown,yama,integrity,apparmor,bpf"
VIRTIOFSD = ["/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd"]

# directories where programs expect to be able to write
OVERLAYS = ["/etc", "/var", "/root", "/home", "/opt", "/usr/local", "/srv", "/mnt"]

# norandmaps: qemu 7.2 flushes its translations when a program's mappings move, which makes each
# exec very slow. Without erms and fsrm the kernel copies in loops, not by "rep movsb", which would
# count (and run) as one instruction per byte.
# pauth-impdef: pointers are signed by a cheap hash, for the architected one takes half of the time.
KERNEL_ARGS = ("panic=-1 oops=panic random.trust_cpu=on rcupdate.rcu_expedited=1 cryptomgr.notests "
               "norandmaps rdinit=/init lapwing.guest")  # the last is for tests, to know where they are
Machine = namedtuple("Machine", "qemu cpu arguments kernel_args")
MACHINES = {
    "amd64": Machine("qemu-system-x86_64", "max,-erms,-fsrm",
                     ["-machine", "q35,usb=off,smbus=off,sata=off,vmport=off,hpet=off",
                      "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"],
                     "console=ttyS0 tsc=reliable no_timer_check i8042.noaux i8042.nopnp"),
    "arm64": Machine("qemu-system-aarch64", "max,pauth-impdef=on", ["-machine", "virt"],
                     "console=ttyAMA0"),
}


class Died(Exception):
    """No status came out of the guest. @started: whether its command had begun."""

    def __init__(self, reason, started):
        super().__init__(reason)
        self.started = started


class TimedOut(Exception):
    pass


def _die_with_parent():
    """PR_SET_PDEATHSIG: no qemu outlives a vmtest that was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _below(path, folders):
    return any(path == f or path.startswith(f + "/") for f in folders)


def tree_lines(kernel, options, shares):
    """The job in a tree that is not this machine's: all of it is writable, and all is lost."""
    lines = [f"module={m}" for m in kernel.init_modules]
    lines += ["overlay=/", f"lend=modules:/usr/lib/modules/{kernel.release}", "tmpfs=/tmp"]
    lines += [f"share=rw{i}:{d}" for i, d in enumerate(shares)]
    lines += [f"init={options.init}"] if options.init else []
    return lines + ["cwd=/"] + [f"arg={word}" for word in options.command]


def foreign_lines(kernel, options, cwd, shares):
    """The job in a tree of another architecture: the same, and the directory that we stand in."""
    bind = [f"bind={cwd}:{cwd}"] if _below(cwd, ["/tmp"]) else []
    lines = tree_lines(kernel, options, shares)
    at = lines.index("tmpfs=/tmp")
    lines[at:at + 1] = [f"lend=cwd:{cwd}", *bind, "tmpfs=/tmp", f"overlay={cwd}"]
    return [f"cwd={cwd}" if line == "cwd=/" else line for line in lines]


def job_lines(kernel, command, cwd, shares):
    lines = [f"module={m}" for m in kernel.init_modules]
    lines += ["tmpfs=/tmp"]
    if _below(cwd, ["/tmp"]):
        lines += [f"bind={cwd}:{cwd}"]
    if os.path.isdir("/usr/lib/modules"):
        lines += ["tmpfs=/usr/lib/modules"]
        lines += [f"bind={kernel.modules}:/usr/lib/modules/{kernel.release}"]
    overlays = OVERLAYS + ([] if _below(cwd, OVERLAYS) else [cwd])
    lines += [f"overlay={d}" for d in overlays if d != "/"]
    lines += [f"share=rw{i}:{d}" for i, d in enumerate(shares)]
    return lines + [f"cwd={cwd}"] + [f"arg={word}" for word in command]


class Guest:
    def __init__(self, kernel, options, command):
        self.kernel = kernel
        self.options = options
        self.command = command
        self.machine = MACHINES[kernel.arch]
        self.shares = [os.path.realpath(d) for d in options.rw]
        self.folder = tempfile.mkdtemp(prefix="vmtest-")
        self.console = os.path.join(self.folder, "console")
        self.children = []
        self.began_at = self.started_at = None

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def console_text(self):
        try:
            with open(self.console, errors="replace", encoding="utf-8") as f:
                return f.read()
        except OSError:
            return ""

    def _spawn(self, args, log, **more):
        with open(os.path.join(self.folder, log), "w", encoding="utf-8") as out:
            child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     preexec_fn=_die_with_parent, **more)
        self.children.append(child)
        return child

    def _log(self, name):
        with open(os.path.join(self.folder, name), errors="replace", encoding="utf-8") as f:
            return f.read().strip()

    def _serve(self, tag, directory, cache):
        """virtiofsd for one directory; qemu's arguments to use it."""
        socket = os.path.join(self.folder, tag + ".sock")
        program = next((p for p in VIRTIOFSD if os.path.exists(p)), None)
        if not program:
            raise image.BadImage("virtiofsd is not installed")
        child = self._spawn([program, f"--socket-path={socket}", "--thread-pool-size=2",
                             "-o", f"source={directory}", "-o", f"cache={cache}",
                             "-o", "sandbox=chroot", "-o", "xattr", "-o", "announce_submounts"],
                            tag + ".log")
        deadline = time.monotonic() + 10
        while not os.path.exists(socket):
            if child.poll() is not None or time.monotonic() > deadline:
                raise image.BadImage(f"virtiofsd for {directory}: {self._log(tag + '.log')}")
            time.sleep(0.005)
        return ["-chardev", f"socket,id={tag},path={socket}",
                "-device", f"vhost-user-fs-pci,chardev={tag},tag={tag},queue-size=1024"]

    def _qemu_args(self, report):
        o, initrd = self.options, os.path.join(self.folder, "initrd")
        cwd = os.path.realpath(os.getcwd())
        if o.root:
            lines = tree_lines(self.kernel, o, self.shares)
        elif self.kernel.arch != "amd64":
            lines = foreign_lines(self.kernel, o, cwd, self.shares)
        else:
            lines = job_lines(self.kernel, self.command, cwd, self.shares)
        with open(initrd, "wb") as out, open(self.kernel.initramfs, "rb") as base:
            out.write(base.read())
            out.write(image.job(lines))
        append = f"{self.machine.kernel_args} {KERNEL_ARGS} lsm={o.lsm} loglevel={6 if o.console else 4} {o.append}"
        args = [self.machine.qemu, *self.machine.arguments, "-nodefaults", "-no-user-config", "-display", "none",
                "-no-reboot", "-monitor", "none", "-cpu", o.cpu or self.machine.cpu, "-m", o.mem,
                "-object", f"memory-backend-memfd,id=mem,size={o.mem},share=on",
                "-numa", "node,memdev=mem", "-kernel", self.kernel.vmlinux, "-initrd", initrd,
                "-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console"]
        if o.icount:
            # a nanosecond of the guest's time is one instruction, on one CPU
            args += ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-smp", "1"]
            append += " mitigations=off"
        else:
            args += ["-accel", "tcg,thread=multi", "-smp", str(o.smp)]
        args += ["-append", append]
        args += self._trees(cwd)
        for i, share in enumerate(self.shares):
            args += self._serve(f"rw{i}", share, "auto")
        return args + ["-device", "virtio-serial-pci",
                       "-chardev", f"file,id=report,path=/dev/fd/{report}",
                       "-device", "virtserialport,chardev=report,name=vm.report"]

    def _trees(self, cwd):
        """What the guest's root is, and what is lent to it."""
        root, native = self.options.root, self.kernel.arch == "amd64"
        lent = {"root": os.path.realpath(root) if root else "/" if native else foreign.ready(self.kernel.arch)}
        if root or not native:
            lent["modules"] = self.kernel.modules
        if not root and not native:
            lent["cwd"] = cwd
        return [arg for tag, folder in lent.items() for arg in self._serve(tag, folder, "always")]

    def _judge_clock(self, guests):
        """The guest measures how fast its clock ticks when it boots, and does so wrongly when its CPUs are
        taken away just then; ten times too fast, and each time limit in it is over at once."""
        ours = time.monotonic() - self.began_at
        if not self.options.icount and guests > CLOCK_FAST * ours:
            raise Died(f"its clock went {guests:.1f} s in {ours:.1f} s", None)

    def _listen(self, fd):
        """Passes the output on and returns the exit status; None if the guest went silent."""
        deadline = time.monotonic() + self.options.timeout
        data = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                raise TimedOut(f"timed out after {self.options.timeout:g} s")
            got = os.read(fd, 65536)
            if not got:
                return None
            data += got
            while len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[1:5], "little"):
                end = 5 + int.from_bytes(data[1:5], "little")
                what, text, data = data[:1], data[5:end], data[end:]
                if what == b"x":
                    return text[0]
                if what == b"c":
                    self._judge_clock(int(text) / 1000)
                elif what == b"s":
                    self.started_at = time.monotonic()
                else:
                    out = sys.stdout if what == b"1" else sys.stderr
                    out.buffer.write(text)
                    out.buffer.flush()

    def _show_console(self, qemu):
        with open(self.console, "rb") as f:
            while True:
                ended = qemu.poll() is not None
                data = f.read()
                sys.stderr.buffer.write(data)
                sys.stderr.flush()
                if ended:
                    return
                time.sleep(0.05)

    def run(self):
        """The command's exit status; raises Died or TimedOut."""
        read, write = os.pipe()
        args = self._qemu_args(write)
        open(self.console, "wb").close()
        self.began_at = time.monotonic()
        qemu = self._spawn(args, "qemu.log", pass_fds=[write])
        os.close(write)
        if self.options.console:
            shown = threading.Thread(target=self._show_console, args=(qemu,), daemon=True)
            shown.start()
        try:
            status = self._listen(read)
        finally:
            os.close(read)
            if qemu.poll() is None:
                qemu.kill()
            qemu.wait()
            if self.options.console:
                shown.join(5)
        if status is None:
            raise Died(self._log("qemu.log") or "it ended without a status", self.started_at)
        if self.options.time:
            print(f"vmtest: {self.kernel.release}: boot {self.started_at - self.began_at:.1f} s, command "
                  f"{time.monotonic() - self.started_at:.1f} s", file=sys.stderr)
        return status
