# SPDX-License-Identifier: Apache-2.0
"""The table: which deeds are done, and what each set of hooks may leave unsaid about them.

A case is (name, actor, arguments). An excuse allows a degradation to stand in an event, and names
the fields that may then be absent; FILE_LATE excuses none, they are told as after the deed. What no
row allows is a failure.
"""

from stream import KERNEL

CASES = [(f"exec_{way}", "exec", [way]) for way in (
    "plain", "relative", "folder_own", "folder_top", "empty_arguments", "no_arguments",
    "not_utf8", "control_bytes", "long_argument", "many_arguments", "hidden_100k",
    "whole_128k", "hidden_2m", "exact_fit",
    "environment", "environment_empty", "environment_hidden", "environment_many",
    "environment_long", "other_thread", "script", "script_of_scripts", "script_option", "memory_file", "descriptor",
    "directory_relative", "unlinked", "odd_ids", "odd_capabilities",
    "stream_socket", "stream_grown", "stream_pipe", "stream_closed", "stream_others",
    "stream_directory", "stream_terminal", "in_memory", "terminal", "session", "namespaces", "cgroup")]
CASES += [(f"exec_environment_{way}", "loader", [way]) for way in ("loader", "static")]
CASES += [(f"exec_layer_{way}", "layer", [way]) for way in ("lower", "upper")]
CASES += [(f"exec_loose_{what}", "layer", [what]) for what in ("file", "folder")]
CASES += [(f"fork_{way}", "fork", [way]) for way in ("fork", "vfork", "clone3", "spaces", "renamed",
                                                         "thread")]
CASES += [(f"exit_{way}", "exit", [way]) for way in (
    "0", "7", "255", "by_term", "by_kill", "by_segv", "with_core", "other_thread", "leader_first",
    "leader_first_alone")]
CASES += [(f"signal_{way}", "signal", [way]) for way in (
    "kill", "group", "tgkill", "queue", "disguised", "zero", "itself")]
CASES += [(f"credentials_{way}", "credentials", [way]) for way in (
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "capset", "nothing", "unchanged")]
CASES += [(f"gain_{way}", "gain", [way]) for way in ("setuid", "setgid", "capability", "nothing")]
CASES += [(f"session_{way}", "session", [way]) for way in ("own", "leader")]
CASES += [(f"coredump_{way}", "coredump", [way]) for way in ("fault", "quit", "handled", "term")]
CASES += [(f"file_{deed}_{way}", f"file_{deed}", [way]) for deed, ways in (
    ("create", ("open", "read_only", "creat", "openat", "tmpfile")),
    ("open", ("write_only", "read_write", "truncate", "append", "create_existing", "read",
              "path_only", "path_truncate", "handle")),
    ("rename", ("plain", "across", "descriptors", "over", "exchange", "no_replace", "missing")),
    ("unlink", ("unlink", "unlinkat", "one_of_two", "missing", "forged")),
    ("chmod", ("chmod", "fchmod", "fchmodat", "above_link", "missing")),
    ("chown", ("chown", "owner_only", "group_only", "fchown", "lchown", "fchownat", "missing")),
    ("link", ("link", "linkat", "follow", "exists")),
    ("symlink", ("symlink", "symlinkat", "odd_text", "exists")),
    ("tree", ("mkdir", "mkdirat", "rmdir", "unlinkat", "fifo", "socket", "device")),
    ("truncate", ("truncate", "ftruncate", "open", "openat2")),
    ("close", ("written", "appended", "emptied", "unwritten", "sought", "positioned", "of_two",
               "doubled")),
    ("map", ("folder", "owner", "writable", "unlinked", "protected", "memory", "read_only", "library",
             "linker", "executed")),
    ("xattr", ("set", "fset", "set_at", "remove", "fremove", "remove_at")),
    ("mount", ("mount", "bind", "umount", "move", "pivot")),
    ("race", ("renamed",))) for way in ways]
CASES += [(f"path_{way}", "path", [way]) for way in (
    "deep", "nested", "long", "beyond", "symlinked", "dotted", "chroot", "bind", "private",
    "overlay", "detached", "cloned", "bytes")]
for _family in ("v4", "v6", "mapped"):
    CASES += [(f"net_connect_{_family}_{way}", "net_connect", [_family, way]) for way in (
        "ok", "refused", "nonblocking", "nonblocking_refused", "by_child", "unanswered", "late",
        "unreachable", "fast")]
    if _family != "mapped":
        CASES += [(f"net_connect_{_family}_smc", "net_connect", [_family, "smc"])]
    CASES += [(f"net_close_{_family}_{way}", "net_close", [_family, way])
              for way in ("client_first", "server_first", "reset", "let_go", "let_go_late", "asked_again",
                          "itself", "itself_torn", "datagrams")]
    CASES += [(f"net_accept_{_family}_{way}", "net_accept", [_family, way])
              for way in ("accept", "accept4")]
    CASES += [(f"net_bind_{_family}_{way}_{kind}", "net_bind", [_family, way, kind])
              for way in ("chosen", "zero", "taken") for kind in ("tcp", "udp")]
    CASES += [(f"net_listen_{_family}", "net_listen", [_family])]
    CASES += [(f"net_datagram_{_family}_{way}", "net_datagram", [_family, way])
              for way in ("connect", "sendto", "sendmsg", "sendmmsg")]

CASES += [(f"inject_{way}", "inject", [way]) for way in (
    "attach", "seize", "vm_write", "vm_read", "mem_write", "mem_creat", "mem_read", "getfd", "written",
    "written_then_read_only", "clean", "of_a_file", "at_once", "memfd", "userfaultfd")]
CASES += [(f"kernel_{way}", "kernel", [way]) for way in (
    "unshare", "unshare_many", "setns", "cgroup", "key", "io_uring", "io_request", "bpf_load",
    "bpf_attach", "module", "kexec", "lockdown")]

CASES += [(f"foreign_{way}", "foreign", [way]) for way in (
    "truncate", "ftruncate", "create", "unlink", "rename", "chmod", "unshare", "setns", "bpf_load", "memfd",
    "vm_write", "attach", "socket", "bind", "truncate_by_ring", "x32_create", "x32_memfd")]
CASES += [(f"net_unix_{way}", "net_unix", [way]) for way in ("path", "symlink", "abstract")]
CASES += [(f"net_uring_{_family}_{way}", "net_uring", [_family, way])
          for _family in ("v4", "v6") for way in ("inline", "worker")]
CASES += [(f"net_socket_{way}", "net_socket", [way]) for way in (
    "raw", "raw_6", "ping", "packet", "packet_old", "vsock", "smc", "alg", "audit", "forged")]
CASES += [(f"net_dns_{_family}_{way}", "net_dns", [_family, way])
          for _family in ("v4", "v6") for way in ("plain", "connect", "malformed", "long")]

INODE = {f"file.{member}" for member in ("inode", "dev_major", "dev_minor", "mode", "uid", "gid")}

LAYER = {f"overlay.{member}" for member in ("layer", "inode", "dev_major", "dev_minor")}

OLD = {f"credentials.old_{name}" for name in (
    "uid", "euid", "suid", "fsuid", "gid", "egid", "sgid", "fsgid", "cap_effective",
    "cap_permitted", "cap_inheritable", "cap_ambient")}

# The deed is refused by the kernel before an LSM hook is asked: do_renameat2() and
# filename_create() in fs/namei.c look for the name first.
NOT_REACHED_BY_LSM = {"file_rename_no_replace", "file_link_exists", "file_symlink_exists",
                      # a filter had it not done
                      "file_unlink_forged", "net_socket_forged",
                      # its effects are told, as any other file's and socket's
                      "kernel_io_request"}

# Before 6.2 the hook does not know what openat2(2) was asked.
if KERNEL < (6, 2):
    NOT_REACHED_BY_LSM |= {"file_truncate_openat2"}

# A signal that its sender dresses as a timer's, which may come while anybody runs.
# And the end of a UDP socket.
# And a connect of SMC, of which the socket is told.
NOT_SEEN_BY_TRACEPOINT = {"signal_disguised", "foreign_truncate_by_ring",
                          "net_connect_v4_smc", "net_connect_v6_smc",
                          *(f"net_close_{family}_datagrams" for family in ("v4", "v6", "mapped"))}

# Deeds for which there is no tracepoint.
ONLY_BY_LSM = {"PROCESS_SCRIPT", "FILE_CLOSE"}

# sched_prepare_exec came with Linux 6.10.
if KERNEL < (6, 10):
    NOT_SEEN_BY_TRACEPOINT |= {"gain_setuid", "gain_setgid", "gain_capability"}

# LSM hooks of processes that stand before the deed, as most of files and sockets do.
ATTEMPTED_IN_LSM = {"PROCESS_SIGNAL", "PROCESS_CREDENTIALS", "PROCESS_SCRIPT"}

# LSM hooks that stand behind the deed, not before it: bpf/file.bpf.c, bpf/net.bpf.c.
DONE_IN_LSM = {"FILE_CREATE", "FILE_CLOSE", "NET_ACCEPT", "INJECT_MEMFD", "KERNEL_MODULE_LOAD",
               "KERNEL_MODULE_UNLOAD", "KERNEL_BPF_LOAD", "KERNEL_NAMESPACE", "KERNEL_CGROUP",
               "KERNEL_IO_URING"}

# kind -> { degradation: fields that it excuses }
EXCUSES = {
    "lsm": {
        # There is no inode before the deed; user space looks afterwards.
        "FILE_SYMLINK": {"FILE_LATE": set()},
        "FILE_MKDIR": {"FILE_LATE": set()},
        "FILE_MKNOD": {"FILE_LATE": set()},
        # The hook does not know the mount.
        "FILE_SETXATTR": {"PATH_CUT": set()},
        "FILE_REMOVEXATTR": {"PATH_CUT": set()},
    },
    "tracepoint": {
        # a call is seen at its end
        "PROCESS_CREDENTIALS": {"OLD_UNKNOWN": OLD},
        "FILE_RENAME": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_CHMOD": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_CHOWN": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_LINK": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_SYMLINK": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_UNLINK": {"FILE_UNRESOLVED": INODE, "PATH_RACY": set()},
        "FILE_MKDIR": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_RMDIR": {"FILE_UNRESOLVED": INODE, "PATH_RACY": set()},
        "FILE_MKNOD": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_TRUNCATE": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_SETXATTR": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_REMOVEXATTR": {"FILE_LATE": set(), "PATH_RACY": set()},
        "FILE_MOUNT": {"FILE_UNRESOLVED": INODE, "PATH_RACY": set()},
        "FILE_UMOUNT": {"FILE_UNRESOLVED": INODE, "PATH_RACY": set()},
        "FILE_MOVE_MOUNT": {"FILE_UNRESOLVED": INODE, "PATH_RACY": set()},
        "FILE_PIVOT_ROOT": {"FILE_UNRESOLVED": INODE, "PATH_RACY": set()},
        # the peer of a datagram, and the address of a call that failed
        "NET_SEND": {"ADDRESS_RACY": set()},
        # what was received
        "NET_DNS": {"ADDRESS_RACY": set()},
    },
}

# (set of hooks, case) -> the same, for one case only
CASE_EXCUSES = {
    ("lsm", "path_beyond"): {"PATH_CUT": set()},
    ("tracepoint", "path_beyond"): {"PATH_CUT": set(), "FILE_UNRESOLVED": INODE},
    # Late look-ups are made in the sensor's own mount namespace.
    ("tracepoint", "path_private"): {"FILE_UNRESOLVED": INODE},
    # Above a mount that is attached nowhere there is nothing.
    **{("lsm", f"path_{way}"): {"PATH_CUT": set()} for way in ("detached", "cloned")},
    **{("tracepoint", f"path_{way}"): {"PATH_CUT": set(), "FILE_UNRESOLVED": INODE}
       for way in ("detached", "cloned")},
    **{(hooks, f"exec_loose_{what}"): {"PATH_CUT": set()}
       for hooks in ("lsm", "tracepoint") for what in ("file", "folder")},
    **{(hooks, "file_race_renamed"): {"PATH_CUT": set()} for hooks in ("lsm", "tracepoint")},
    # so what is below is not seen, either
    ("tracepoint", "path_overlay"): {"FILE_UNRESOLVED": INODE | LAYER, "FILE_LATE": LAYER},
    ("tracepoint", "path_bind"): {"FILE_UNRESOLVED": INODE},
    # A symbolic link whose access time is due to be written is not followed from the cache alone.
    ("tracepoint", "path_symlinked"): {"FILE_UNRESOLVED": INODE},
    ("tracepoint", "file_chmod_above_link"): {"FILE_UNRESOLVED": INODE},
    # A deed that failed has no file of that name, or another's.
    ("tracepoint", "file_rename_no_replace"): {"FILE_UNRESOLVED": INODE},
    ("tracepoint", "file_link_exists"): {"FILE_UNRESOLVED": INODE},
    ("tracepoint", "file_symlink_exists"): {"FILE_UNRESOLVED": INODE},
    # the file is still there, and is found
    ("tracepoint", "file_unlink_forged"): {"FILE_LATE": set(), "PATH_RACY": set()},
}
for _family in ("v4", "v6", "mapped"):
    for _kind in ("tcp", "udp"):
        CASE_EXCUSES["tracepoint", f"net_bind_{_family}_taken_{_kind}"] = {"ADDRESS_RACY": set()}
    CASE_EXCUSES["tracepoint", f"net_connect_{_family}_unreachable"] = {"ADDRESS_RACY": set()}
for _hooks in ("lsm", "tracepoint"):
    CASE_EXCUSES[_hooks, "exec_hidden_2m"] = {"ARGS_CUT": set()}
    for _way in ("many", "long"):
        CASE_EXCUSES[_hooks, f"exec_environment_{_way}"] = {"ENV_CUT": set()}

# A process that renames itself by prctl(2) keeps, for those who look at it as a parent, the name of
# its birth or last exec: no hook sees the renaming.
STALE = {("fork_renamed", "parent.name"), ("fork_renamed", "lineage.names")}

# Where a rename is in the middle of a component for as long as the walk has patience, for its CPU is a
# guest's and the host has taken it away, the path is cut there: bpf/path.h, path_torn().
TORN = {("file_race_renamed", "file.path")}

# Degradations that must stand in the event, and not only may.
REQUIRED = {
    # the file's position and what the thread wrote say different things
    **{f"file_close_{way}": ("WRITTEN_GUESSED", "FILE_CLOSE") for way in ("sought", "positioned", "of_two", "doubled")},
    **{f"net_dns_{family}_malformed": ("DNS_MALFORMED", "NET_DNS") for family in ("v4", "v6")},
    **{f"net_dns_{family}_long": ("DNS_CUT", "NET_DNS") for family in ("v4", "v6")},
    **{f"path_{way}": ("PATH_CUT", None) for way in ("beyond", "detached", "cloned")},
    **{f"exec_loose_{what}": ("PATH_CUT", "PROCESS_EXEC") for what in ("file", "folder")},
    "exec_hidden_2m": ("ARGS_CUT", "PROCESS_EXEC"),
    "exec_environment_static": ("ENV_SKIPPED", "PROCESS_EXEC"),
    "foreign_truncate_by_ring": ("LENGTH_UNKNOWN", "FILE_TRUNCATE"),
    **{f"exec_environment_{way}": ("ENV_CUT", "PROCESS_EXEC") for way in ("many", "long")},
}


# A process is found by its number from Linux 6.4 on: bpf/compat.h, bpf_task_from_pid().
if KERNEL < (6, 4):
    for _way in ("inject_attach", "inject_seize", "inject_vm_write", "inject_vm_read", "foreign_attach",
                 "foreign_vm_write"):
        CASE_EXCUSES["tracepoint", _way] = {
            "TARGET_UNKNOWN": {"target.pid", "target.entity_id", "target.name"}}


def excuses(hooks, kind, case):
    """{ degradation: fields } for one event of one case."""
    return {**EXCUSES[hooks].get(kind, {}), **CASE_EXCUSES.get((hooks, case), {})}


def outcome(hooks, kind, error):
    """What the outcome of a deed is called by a set of hooks."""
    if hooks == "lsm" and kind in ATTEMPTED_IN_LSM:
        return "ATTEMPTED"
    if kind.startswith("PROCESS_") or (hooks == "lsm" and kind in DONE_IN_LSM):
        return "SUCCEEDED"
    if hooks == "lsm":
        return "ATTEMPTED"
    return "FAILED" if error else "SUCCEEDED"
