/* SPDX-License-Identifier: Apache-2.0 */
/*
 * truth.h - how an actor says what it did
 *
 * An actor does a deed and prints one JSON object per event that the deed must
 * give, on one line of standard output. Names are those of field.def, flat
 * ("process.pid"); null means "must be absent"; { "min", "max" } is a range; a
 * name that begins with '@' speaks to the runner (tests/live/compare.py):
 *
 *     @after, @before   boot and wall clock around the deed, ns
 *     @times            how many such events there must be, [min, max]; 1 when not said
 *     @error            errno that the system call gave, 0 for success
 *     @kinds            other kinds that are as right
 *     @late.FIELD       the value after the deed, for a look-up that came late
 *     @given.FIELD      the path as it was given, where symlinks make that another text
 *     @or.FIELD         another value that is as right: nobody can know which it was
 *     @done.FIELD       the value that the kernel chose in the deed
 *     @seen.FIELD       the value before the deed, for hooks that stand before it
 *     @known.FIELD      must agree if it is there; nobody may know it yet
 *     @window           the doer's other file and net events in it are phantoms
 *     @skip             why the deed could not be done here
 *
 * Every byte outside printable ASCII is written \u00NN: the runner gets bytes,
 * not text. An actor whose own preparations fail exits 1 and says why on
 * standard error. What an actor knows, it knows from the kernel's other
 * interfaces (/proc, stat, getsockname), never from the sensor.
 */
#ifndef LAPWING_LIVE_TRUTH_H
#define LAPWING_LIVE_TRUTH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

/* deed_start, deed_stop - clocks on both sides of the deed; stop keeps errno of @failed */
void deed_start(void);
void deed_stop(bool failed);

/* deed_env_start, deed_from_env - the same for a deed that ends in another program */
void deed_env_start(void);
void deed_from_env(void);

/* truth_window - prints that the doer's unexplained events count from here; again: up to here */
void truth_window(void);

/* truth_open - begins one object; @kind as in event.proto */
void truth_open(const char *kind);

/* truth_take - ends one object without printing it; its members as text, until the next open */
const char *truth_take(void);

/* truth_close - ends and prints it, with the deed's clocks and errno */
void truth_close(void);

void put_u64(const char *name, uint64_t v);
void put_bool(const char *name, bool v);
void put_null(const char *name);
void put_str(const char *name, const char *s); /* NULL puts null */
void put_bytes(const char *name, const void *s, size_t n);
void put_strv(const char *name, char *const *v, int n);
void put_times(uint64_t min, uint64_t max);
void put_kept(const char *members); /* what truth_take() gave */
void put_range(const char *name, uint64_t min, uint64_t max);

/* put_inode - inode, device, mode and owner under @message ("file" or "exec") */
void put_inode(const char *message, const struct stat *st);

/* put_layer - overlay.*: @st is what stands in the layer "upper" or "lower" of overlayfs */
void put_layer(const char *layer, const struct stat *st);

/* put_late - what a look-up after the deed would find, as @late.* */
void put_late(const struct stat *st);

/* put_path - @dir (canonical) and @rest, joined and made free of "." and ".." by text */
void put_path(const char *name, const char *dir, const char *rest);

/* put_address - @message.NAME_ip and @message.NAME_port of an address */
void put_address(const char *name, const struct sockaddr_storage *sa);

/* truth_doer - who is asking, as file and net events tell it: ids, name, executable, parent */
void truth_doer(void);

/* truth_image - its second part: name, executable, user and ids */
void truth_image(void);

/* truth_parent - what is seen of @ppid, under parent.* */
void truth_parent(pid_t ppid);

/*
 * truth_keep_parent - from now on, and after exec, our parent is the one that we have now
 * The sensor's parent is the process that made us, whoever takes an orphan in later.
 */
void truth_keep_parent(void);

/* truth_executable - what we run */
void truth_executable(const char *field);

/* truth_target - process @pid, maybe a zombie, as the one to whom a deed is done: target.* */
void truth_target(pid_t pid);

/* truth_credentials - our ids and capabilities, each name with @prefix ("credentials.old_") */
void truth_credentials(const char *prefix);

/* truth_user - the name of @uid, or null */
void truth_user(const char *field, uid_t uid);

/*
 * truth_cgroup - where this process is of all cgroups, its path and what its folder is
 * Of the hierarchy that has memory where that is one of v1, else of v2. @ret_path: PATH_MAX bytes.
 */
bool truth_cgroup(char *ret_path, struct stat *ret);

/* truth_ids, truth_self - more of it, as fork and exec events tell it */
void truth_ids(void);
void truth_self(void);

/* truth_life - pid and entity id of process @pid, which may be a zombie */
void truth_life(pid_t pid);

/* outer_pid - our pid as /proc shows it, whatever pid namespace we are in */
pid_t outer_pid(void);

/* skip - says why the deed cannot be done here, and ends well */
_Noreturn void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* guests_only - skips a deed that would change a machine which is not ours */
void guests_only(void);

/* die - ends badly, with errno */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* truth_beside - the path of another actor, which lies beside us; its @name has 14 bytes at most */
void truth_beside(const char *name, char ret[4096]);

/* truth_held - a child that does nothing until @ret_leash[1] is closed; both ends stay open here */
pid_t truth_held(int ret_leash[2]);

/* linger - stays a while, so that a look-up after the deed still finds us */
void linger(void);

uint64_t boot_ns(void);

#endif
