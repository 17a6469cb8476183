# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels: which we know, and a cache folder that holds them ready to boot.

CACHE/kernels/NAME/
    vmlinux                   the kernel as qemu boots it
    modules/lib/modules/REL   its modules, with modules.dep
    initramfs-HASH            init and the modules it needs; HASH names the init.c that made it
    entry.json                release, sizes; written last, so that its absence means "not ready"

Packages come through an apt configuration of their own: the machine's sources, lists and package
state stay as they are, and apt checks the archive's signature as it always does.
"""

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple

import image

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
IMAGE = r"linux-image-{}-cloud-{}"

# name: the suites that may have it, and its version's pattern; the newest match is taken
KNOWN = {
    "5.10": (["bullseye", "bullseye-security"], r"5\.10\.[0-9.-]+"),
    "6.1": (["bookworm", "bookworm-security"], r"6\.1\.[0-9.-]+"),
    "6.12": (["bookworm-backports", "bookworm-security"], r"6\.12\.[0-9.]+\+deb12[0-9.]*"),
    "6.18": (["trixie-backports"], r"6\.18\.[0-9.]+\+deb13[0-9.]*"),
    "backports": (["trixie-backports"], r"[0-9.]+\+deb13[0-9.]*"),
    "sid": (["sid"], r"[0-9.]+\+deb[0-9.]+"),
}
NATIVE = list(KNOWN)
# the same of another architecture, which qemu emulates like this one
KNOWN |= {f"{name}-arm64": KNOWN[name] for name in ("6.1", "6.12")}

Kernel = namedtuple("Kernel", "name arch release vmlinux initramfs init_modules modules")


class Unavailable(Exception):
    """This kernel cannot be had here: a reason to skip, not a failure."""


def arch(name):
    """Debian's name of the architecture of a kernel, or of whatever is named in the same way."""
    return "arm64" if name.endswith("-arm64") else "amd64"


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.abspath(os.environ.get("LAPWING_CACHE") or os.path.join(base, "lapwing"))


def _kernel_dir(name):
    return os.path.join(cache_dir(), "kernels", name)


# --- fetching --------------------------------------------------------------------------------


def _mirror():
    """The machine's own Debian mirror, so that a mirror nearby or behind a proxy is used."""
    if os.environ.get("LAPWING_MIRROR"):
        return os.environ["LAPWING_MIRROR"].rstrip("/")
    files = ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]
    for path in files:
        with contextlib.suppress(OSError), open(path, encoding="utf-8") as f:
            found = re.search(r"^(?:deb\s.*?|URIs:\s*)(https?://\S+/debian)/?(?:\s|$)", f.read(),
                              re.MULTILINE)
            if found:
                return found[1]
    return DEFAULT_MIRROR


def source(suite, architecture="amd64"):
    mirror = _mirror()
    if suite.endswith("-security"):
        mirror += "-security"
    return f"deb [signed-by={KEYRING} arch={architecture}] {mirror} {suite} main\n"


class Apt:
    """apt in a folder of its own; its settings for proxies and the like are the machine's."""

    def __init__(self, folder, suites, architecture):
        self.folder = folder
        for sub in ("state/lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(folder, sub))
        with open(os.path.join(folder, "sources"), "w", encoding="utf-8") as f:
            f.writelines(source(s, architecture) for s in suites)
        acquire = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True,
                                 check=True).stdout
        conf = os.path.join(folder, "apt.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(acquire)
            f.write(f'Dir::Etc::Parts "/dev/null"; Dir::Etc::Main "/dev/null";\n'
                    f'Dir::Etc::SourceList "{folder}/sources"; Dir::Etc::SourceParts "/dev/null";\n'
                    f'Dir::State "{folder}/state"; Dir::State::Status "/dev/null";\n'
                    f'Dir::Cache "{folder}/cache"; APT::Sandbox::User "root";\n'
                    f'APT::Architecture "{architecture}"; APT::Architectures "{architecture}";\n'
                    f'Acquire::Languages "none"; Acquire::Retries "2";\n'
                    f'Acquire::http::Timeout "20"; Acquire::https::Timeout "20";\n')
        self.env = dict(os.environ, APT_CONFIG=conf, LC_ALL="C")

    def run(self, *args):
        return subprocess.run(args, env=self.env, cwd=self.folder, capture_output=True, text=True,
                              check=False)

    def packages(self, pattern):
        names = self.run("apt-cache", "pkgnames", "linux-image").stdout.split()
        found = [n for n in names if re.fullmatch(pattern, n)]
        return sorted(found, key=lambda n: [int(x) for x in re.findall(r"\d+", n)], reverse=True)

    def parts(self, package):
        """Newer kernels keep the image and the modules in packages of their own."""
        out = self.run("apt-cache", "depends", "--important", package).stdout
        return re.findall(r"Depends: (linux-(?:base|binary|modules|image)-[0-9]\S*)", out)

    def extract(self, package, to):
        r = self.run("apt-get", "-qq", "download", package)
        debs = glob.glob(os.path.join(self.folder, package + "_*.deb"))
        if r.returncode or not debs:
            raise Unavailable(f"{package} cannot be downloaded: {_last_line(r.stderr)}")
        subprocess.run(["dpkg-deb", "-x", debs[0], to], check=True)
        os.unlink(debs[0])


def _last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _download(name, folder):
    """The newest package that still can be had, extracted into @folder; its name."""
    suites, version = KNOWN[name]
    if not os.path.exists(KEYRING) or not shutil.which("apt-get"):
        raise Unavailable("needs apt-get and debian-archive-keyring")
    print(f"vmtest: fetching kernel {name} from {_mirror()}", file=sys.stderr, flush=True)
    apt = Apt(os.path.join(folder, "apt"), suites, arch(name))
    update = apt.run("apt-get", "-qq", "update")
    packages = apt.packages(IMAGE.format(version, arch(name)))
    if not packages:
        failed = [line for line in update.stderr.splitlines() if "Failed to fetch" in line]
        what = failed[0] if failed else "no such package there"
        raise Unavailable(f"no {name} kernel in {', '.join(suites)} of {_mirror()}: {what}")
    error = None
    for package in packages[:3]:
        root = os.path.join(folder, package)
        try:
            for part in [package, *apt.parts(package)]:
                apt.extract(part, root)
            return root
        except Unavailable as e:
            error = e
    raise error


def _one(*patterns):
    for pattern in patterns:
        found = glob.glob(pattern)
        if found:
            return found[0]
    raise image.BadImage(f"the package holds no {patterns[0]}")


def _prepare(root, entry):
    """From an extracted package to a folder ready to boot, but for the initramfs."""
    modules = _one(root + "/lib/modules/*", root + "/usr/lib/modules/*")
    release = os.path.basename(modules)
    elf = image.kernel(_one(root + "/boot/vmlinuz-*", modules + "/vmlinuz"))
    os.makedirs(entry + "/modules/lib/modules")
    shutil.move(modules, entry + "/modules/lib/modules/" + release)
    subprocess.run([shutil.which("depmod") or "/sbin/depmod", "-b", entry + "/modules", release],
                   check=True)
    with open(entry + "/vmlinux", "wb") as f:
        f.write(elf)
    with open(entry + "/entry.json", "w", encoding="utf-8") as f:
        json.dump({"release": release, "vmlinux_bytes": len(elf)}, f)


def _fetch(name):
    os.makedirs(os.path.join(cache_dir(), "kernels"), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache_dir()) as folder:
        root = _download(name, folder)
        entry = os.path.join(folder, "entry")
        os.mkdir(entry)
        _prepare(root, entry)
        shutil.rmtree(_kernel_dir(name), ignore_errors=True)
        os.rename(entry, _kernel_dir(name))


# --- the cache -------------------------------------------------------------------------------


def _entry(name):
    """What is known of a kernel in the cache; None if it is not there or not whole."""
    folder = _kernel_dir(name)
    try:
        with open(folder + "/entry.json", encoding="utf-8") as f:
            entry = json.load(f)
        modules = f"{folder}/modules/lib/modules/{entry['release']}"
        whole = (os.path.getsize(folder + "/vmlinux") == entry["vmlinux_bytes"] and
                 os.path.getsize(modules + "/modules.dep") > 0)
        return entry if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _initramfs_path(name):
    """Named after init.c and the list of modules: when these change, another one is made."""
    with open(image.INIT_C, "rb") as f:
        key = hashlib.sha256(f.read() + repr(image.MODULES).encode()).hexdigest()[:16]
    return f"{_kernel_dir(name)}/initramfs-{key}"


def _make_initramfs(name, entry):
    """Renamed into place when whole, the list of modules last."""
    folder, path = _kernel_dir(name), _initramfs_path(name)
    with tempfile.TemporaryDirectory(dir=folder) as tmp:
        image.compile_init(tmp + "/init", arch(name))
        data, modules = image.initramfs(f"{folder}/modules/lib/modules/{entry['release']}",
                                        tmp + "/init")
        for final, text in ((path, data), (path + ".json", json.dumps(modules).encode())):
            with open(tmp + "/part", "wb") as f:
                f.write(text)
            os.rename(tmp + "/part", final)


def _look(name):
    """The kernel, if everything that a guest needs is there; else None."""
    entry, folder, initramfs = _entry(name), _kernel_dir(name), _initramfs_path(name)
    if not entry or not os.path.exists(initramfs + ".json"):
        return None
    with open(initramfs + ".json", encoding="utf-8") as f:
        init_modules = json.load(f)
    return Kernel(name, arch(name), entry["release"], folder + "/vmlinux", initramfs, init_modules,
                  f"{folder}/modules/lib/modules/{entry['release']}")


@contextlib.contextmanager
def ready(name, anew=False):
    """A kernel ready to boot. While a guest runs the lock is shared; whoever has something to
    make takes it alone, so that nobody's files go away under him."""
    if platform.machine() != "x86_64":
        raise Unavailable("guests are emulated on x86_64 only")
    os.makedirs(cache_dir(), exist_ok=True)
    with open(os.path.join(cache_dir(), f"{name}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        kernel = None if anew else _look(name)
        if not kernel:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if anew or not _entry(name):
                _fetch(name)
            if not _look(name):
                _make_initramfs(name, _entry(name))
            fcntl.flock(lock, fcntl.LOCK_SH)
            kernel = _look(name)
        yield kernel


def show():
    for name, (suites, _) in KNOWN.items():
        entry = _entry(name)
        print(f"{name:10} {entry['release'] if entry else '(not fetched)':34} {' '.join(suites)}")
