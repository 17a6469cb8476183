/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "decode/reader.h"
#include "event/field.h"

#define UNCHANGED (~0u)
#define PERMISSIONS 07777
#define WORD(literal) { literal, sizeof(literal) - 1 }

void decode_layer_there(const struct wire_inode *inode, struct event *e) {
	if (inode->layer == WIRE_LAYER_UNKNOWN)
		event_degrade(e, DEGRADED_LAYER_UNKNOWN);
	if (inode->layer != WIRE_LAYER_UPPER && inode->layer != WIRE_LAYER_LOWER)
		return;
	EVENT_SET(e, OVERLAY_LAYER, overlay.layer, inode->layer);
	EVENT_SET(e, OVERLAY_INODE, overlay.inode, inode->layer_ino);
	EVENT_SET(e, OVERLAY_DEV_MAJOR, overlay.dev_major, inode->layer_dev >> 20);
	EVENT_SET(e, OVERLAY_DEV_MINOR, overlay.dev_minor, inode->layer_dev & 0xfffff);
}

static void set_inode(const struct wire_inode *inode, struct event *e) {
	EVENT_SET(e, FILE_INODE, file.inode, inode->ino);
	EVENT_SET(e, FILE_DEV_MAJOR, file.dev_major, inode->dev >> 20);
	EVENT_SET(e, FILE_DEV_MINOR, file.dev_minor, inode->dev & 0xfffff);
	EVENT_SET(e, FILE_MODE, file.mode, inode->mode);
	EVENT_SET(e, FILE_UID, file.uid, inode->uid);
	EVENT_SET(e, FILE_GID, file.gid, inode->gid);
	decode_layer(inode, e);
}

/* set_node - what mknod was asked for; a device's number as the kernel's new_decode_dev() has it */
static void set_node(const struct wire_file *w, struct event *e) {
	uint32_t type = w->new_mode & S_IFMT, dev = w->new_dev;

	EVENT_SET(e, FILE_NEW_MODE, file.new_mode, w->new_mode & (S_IFMT | PERMISSIONS));
	if (type != S_IFCHR && type != S_IFBLK)
		return;
	EVENT_SET(e, FILE_NEW_DEV_MAJOR, file.new_dev_major, dev >> 8 & 0xfff);
	EVENT_SET(e, FILE_NEW_DEV_MINOR, file.new_dev_minor, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

static const struct {
	uint64_t bit;
	struct str name;
} exposures[] = {
	{ WIRE_EXPOSED_MEMORY, WORD("memory") },	    { WIRE_EXPOSED_TMPFS, WORD("tmpfs") },
	{ WIRE_EXPOSED_UNLINKED, WORD("unlinked") }, { WIRE_EXPOSED_OWNER, WORD("owner") },
	{ WIRE_EXPOSED_WRITABLE, WORD("writable") }, { WIRE_EXPOSED_FOLDER, WORD("folder") },
	{ WIRE_EXPOSED_DEEP, WORD("deep") },
};
#define N_EXPOSURES (sizeof(exposures) / sizeof(exposures[0]))

static struct strv exposed_by(struct reader *r, uint64_t bits) {
	struct str *v = arena_alloc(r->arena, sizeof(*v) * N_EXPOSURES);
	struct strv list = { v, 0 };

	if (!v) {
		(void)reader_fail(r, -ENOMEM);
		return (struct strv){ 0 };
	}
	for (size_t i = 0; i < N_EXPOSURES; i++)
		if (bits & exposures[i].bit)
			v[list.n++] = exposures[i].name;
	return list;
}

static void set_deed(const struct wire_file *w, struct event *e) {
	switch (w->head.kind) {
	case WIRE_FILE_CREATE:
	case WIRE_FILE_OPEN:
	case WIRE_FILE_READ:
		EVENT_SET(e, FILE_FLAGS, file.flags, w->flags);
		break;
	case WIRE_FILE_RENAME:
		if (w->value)
			EVENT_SET(e, FILE_RENAME_FLAGS, file.rename_flags, (uint32_t)w->value);
		break;
	case WIRE_FILE_CHMOD:
		EVENT_SET(e, FILE_NEW_MODE, file.new_mode, w->new_mode & PERMISSIONS);
		break;
	case WIRE_FILE_CHOWN:
		if (w->new_uid != UNCHANGED)
			EVENT_SET(e, FILE_NEW_UID, file.new_uid, w->new_uid);
		if (w->new_gid != UNCHANGED)
			EVENT_SET(e, FILE_NEW_GID, file.new_gid, w->new_gid);
		break;
	case WIRE_FILE_TRUNCATE:
		if (!(w->head.flags & WIRE_LENGTH_UNKNOWN))
			EVENT_SET(e, FILE_SIZE, file.size, w->value);
		break;
	case WIRE_FILE_CLOSE:
		EVENT_SET(e, FILE_FLAGS, file.flags, w->flags);
		EVENT_SET(e, FILE_SIZE, file.size, w->size);
		EVENT_SET(e, FILE_OLD_SIZE, file.old_size, w->old_size);
		EVENT_SET(e, FILE_WRITTEN_BYTES, file.written_bytes, w->value);
		break;
	case WIRE_FILE_MKDIR:
		EVENT_SET(e, FILE_NEW_MODE, file.new_mode, w->new_mode & PERMISSIONS);
		break;
	case WIRE_FILE_MKNOD:
		set_node(w, e);
		break;
	case WIRE_FILE_SETXATTR:
		EVENT_SET(e, FILE_XATTR_BYTES, file.xattr_bytes, w->value);
		break;
	default:
		break;
	}
}

int decode_file(struct reader *r, struct event *ret) {
	const struct wire_file *w = (const void *)r->head;
	struct str path = reader_path(r, &w->path), old_path = reader_path(r, &w->old_path);
	struct str target = reader_text(r, w->target), name = reader_text(r, w->name);
	bool map = w->head.kind == WIRE_FILE_MAP;
	struct strv exposed = map ? exposed_by(r, w->value) : (struct strv){ 0 };
	int error = reader_commit(r, ret);

	if (error)
		return error;
	if (exposed.n)
		EVENT_SET(ret, FILE_EXPOSED, file.exposed, exposed);
	if (map)
		EVENT_SET(ret, FILE_LINKS, file.links, w->inode.links);
	EVENT_SET_STR(ret, FILE_PATH, file.path, path);
	EVENT_SET_STR(ret, FILE_OLD_PATH, file.old_path, old_path);
	EVENT_SET_STR(ret, FILE_TARGET, file.target, target);
	EVENT_SET_STR(ret, FILE_XATTR, file.xattr, name);
	if (!(w->head.flags & WIRE_FILE_UNRESOLVED))
		set_inode(&w->inode, ret);
	set_deed(w, ret);
	return 0;
}

/* The mount point is the file; what is mounted there has a message of its own. */
int decode_mount(struct reader *r, struct event *ret) {
	const struct wire_file *w = (const void *)r->head;
	struct str path = reader_path(r, &w->path), old_path = reader_path(r, &w->old_path);
	struct str source = reader_text(r, w->target), type = reader_text(r, w->name);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET_STR(ret, FILE_PATH, file.path, path);
	EVENT_SET_STR(ret, FILE_OLD_PATH, file.old_path, old_path);
	EVENT_SET_STR(ret, MOUNT_SOURCE, mount.source, source);
	EVENT_SET_STR(ret, MOUNT_TYPE, mount.type, type);
	if (w->head.kind == WIRE_FILE_MOUNT || w->head.kind == WIRE_FILE_UMOUNT)
		EVENT_SET(ret, MOUNT_FLAGS, mount.flags, w->value);
	if (!(w->head.flags & WIRE_FILE_UNRESOLVED))
		set_inode(&w->inode, ret);
	return 0;
}

/* decode_script - a file that is about to be run by another */
int decode_script(struct reader *r, struct event *ret) {
	const struct wire_process_script *w = (const void *)r->head;
	struct str path = reader_path(r, &w->path), filename = reader_text(r, w->filename);
	struct str interp = reader_text(r, w->interp);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET_STR(ret, FILE_PATH, file.path, path);
	EVENT_SET_STR(ret, EXEC_INVOKED, exec.invoked, filename);
	EVENT_SET_STR(ret, EXEC_INTERPRETER, exec.interpreter, interp);
	set_inode(&w->inode, ret);
	return 0;
}
