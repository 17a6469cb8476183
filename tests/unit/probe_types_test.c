/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "probe/types.h"
#include "test.h"

static struct btf *kernel, *module, *object, *picked;
static int kernel_inner, kernel_outer;

static int number_of(const char *name, uint32_t kind) {
	return btf__find_by_name_kind(picked, name, kind);
}

/* begin - a kernel, a module on top of it, and an object that names some of both */
static void begin(void) {
	const struct btf *objects[1];
	int number, other, mine;

	kernel = btf__new_empty();
	number = btf__add_int(kernel, "int", 4, BTF_INT_SIGNED);
	other = btf__add_struct(kernel, "other", 8);
	(void)btf__add_field(kernel, "never", number, 0, 0);
	/* what is further behind is referred to, too */
	kernel_outer = btf__add_struct(kernel, "outer", 40);
	(void)btf__add_field(kernel, "in", kernel_outer + 1, 64, 0);
	(void)btf__add_field(kernel, "to", kernel_outer + 2, 128, 0);
	(void)btf__add_field(kernel, "many", kernel_outer + 3, 192, 0);
	(void)btf__add_field(kernel, "some", number, 300, 3);
	kernel_inner = btf__add_struct(kernel, "inner", 8);
	(void)btf__add_field(kernel, "deep", number, 32, 0);
	(void)btf__add_ptr(kernel, other);
	(void)btf__add_array(kernel, number, number, 3);
	(void)btf__add_enum(kernel, "words", 4);
	(void)btf__add_enum_value(kernel, "LAST", 0xffffffff);
	(void)btf__add_enum_value(kernel, "FIRST", 7);

	module = btf__new_empty_split(kernel);
	mine = btf__add_typedef(module, "mine", number);
	(void)btf__add_struct(module, "extra", 16);
	(void)btf__add_field(module, "base", kernel_inner, 0, 0);
	(void)btf__add_field(module, "own", mine, 64, 0);
	(void)btf__add_struct(module, "outer", 4);

	object = btf__new_empty();
	(void)btf__add_struct(object, "outer___since_9_1", 0);
	(void)btf__add_enum(object, "words___old", 4);
	(void)btf__add_struct(object, "extra", 0);
	(void)btf__add_struct(object, "absent", 0);
	objects[0] = object;
	picked = NULL;
	CHECK(!types_pick(kernel, &module, 1, objects, 1, &picked));
}

static void end(void) {
	btf__free(picked);
	btf__free(object);
	btf__free(module);
	btf__free(kernel);
}

static void what_is_named_is_whole(void) {
	const struct btf_type *t, *in;

	begin();
	t = btf__type_by_id(picked, (uint32_t)number_of("outer", BTF_KIND_STRUCT));
	CHECK(t && t->size == 40 && btf_vlen(t) == 4);
	if (t && btf_vlen(t) == 4) {
		CHECK(btf_member_bit_offset(t, 0) == 64);
		in = btf__type_by_id(picked, btf_members(t)[0].type);
		CHECK(!strcmp(btf__name_by_offset(picked, in->name_off), "inner"));
		CHECK(in->size == 8 && btf_member_bit_offset(in, 0) == 32);
		CHECK(btf__resolve_size(picked, btf_members(t)[2].type) == 12);
		CHECK(btf_member_bit_offset(t, 3) == 300 && btf_member_bitfield_size(t, 3) == 3);
	}
	end();
}

static void what_is_behind_a_pointer_stays_out(void) {
	const struct btf_type *t, *to;

	begin();
	CHECK(number_of("other", BTF_KIND_STRUCT) < 0);
	t = btf__type_by_id(picked, (uint32_t)number_of("outer", BTF_KIND_STRUCT));
	to = t ? btf__type_by_id(picked, btf_members(t)[1].type) : NULL;
	CHECK(to && btf_is_ptr(to) && !to->type);
	end();
}

static void values_of_an_enum_are_the_kernels(void) {
	const struct btf_type *t;

	begin();
	t = btf__type_by_id(picked, (uint32_t)number_of("words", BTF_KIND_ENUM));
	CHECK(t && btf_vlen(t) == 2 && !btf_kflag(t));
	if (t && btf_vlen(t) == 2)
		CHECK((uint32_t)btf_enum(t)[0].val == 0xffffffff && btf_enum(t)[1].val == 7);
	end();
}

static void a_module_is_asked_for_what_the_kernel_lacks(void) {
	const struct btf_type *t;

	begin();
	t = btf__type_by_id(picked, (uint32_t)number_of("extra", BTF_KIND_STRUCT));
	CHECK(t && t->size == 16 && btf_vlen(t) == 2);
	if (t)
		CHECK(btf__resolve_size(picked, btf_members(t)[0].type) == 8);
	/* its own "outer" is not the kernel's */
	t = btf__type_by_id(picked, (uint32_t)number_of("outer", BTF_KIND_STRUCT));
	CHECK(t && t->size == 40);
	for (uint32_t i = 1; i < btf__type_cnt(picked); i++)
		CHECK(!btf_is_struct(btf__type_by_id(picked, i)) ||
		      btf__type_by_id(picked, i)->size != 4);
	end();
}

static void what_is_picked_can_be_read_back(void) {
	const void *bytes;
	struct btf *back;
	uint32_t n = 0;

	begin();
	bytes = btf__raw_data(picked, &n);
	back = bytes ? btf__new(bytes, n) : NULL;
	CHECK(back && btf__type_cnt(back) == btf__type_cnt(picked));
	btf__free(back);
	end();
}

static void more_names_than_fit_are_refused(void) {
	struct btf *many = btf__new_empty(), *none = btf__new_empty(), *ret = NULL;
	const struct btf *objects[1] = { many };
	char name[32];

	for (int i = 0; i < 2049; i++) {
		(void)snprintf(name, sizeof(name), "name_%d", i);
		(void)btf__add_struct(many, name, 0);
	}
	CHECK(types_pick(none, NULL, 0, objects, 1, &ret) == -E2BIG && !ret);
	btf__free(many);
	btf__free(none);
}

int main(void) {
	RUN(what_is_named_is_whole);
	RUN(what_is_behind_a_pointer_stays_out);
	RUN(values_of_an_enum_are_the_kernels);
	RUN(a_module_is_asked_for_what_the_kernel_lacks);
	RUN(what_is_picked_can_be_read_back);
	RUN(more_names_than_fit_are_refused);
	DONE();
}
