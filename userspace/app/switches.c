/* SPDX-License-Identifier: Apache-2.0 */
#include "app/switches.h"

#include "app/intake.h"
#include "base/log.h"

static const char why_safe[] = "no hook is to tell anything, by order or by its owner";

static const char *who(const struct off *off) {
	return off->owner ? "owner" : "order";
}

/* --- rules ------------------------------------------------------------------------------------ */

static int tell_rule(const struct corridor *c, struct host *h, size_t i, const struct off *off) {
	struct verdict v = { 0 };
	struct rule_info info;

	if (!h || ruleset_info(c->rules, i, &info))
		return 0;
	verdict_say(&v, "switch", off ? "disarmed" : "armed", off ? who(off) : "-",
		    "the rule \"%.*s\"", STR_FMT(info.detection->title));
	return host_content(h, &v);
}

int switches_rules(struct live *l, struct corridor *c, struct host *h) {
	const struct off_list *list = &l->state.off;
	const struct off *now[OFF_MAX];
	size_t at[OFF_MAX], n = 0;
	int err = 0;

	if (!list->n && !l->n_off)
		return 0;
	for (uint32_t i = 0; i < list->n; i++) {
		now[n] = &list->list[i];
		n += now[n]->kind == OFF_RULE && off_holds(now[n], intake_now_s()) &&
		     !ruleset_find(c->rules, str_of(now[n]->name), &at[n]);
	}
	l->n_off = n;
	for (size_t i = 0; i < l->n_budgets && !err; i++) {
		const struct off *off = NULL;

		for (size_t k = 0; k < n && !off; k++)
			off = at[k] == i ? now[k] : NULL;
		if ((off != NULL) == l->budgets[i].off)
			continue;
		l->budgets[i].off = off != NULL;
		ruleset_arm(c->rules, i, budget_each(&l->budgets[i]));
		err = tell_rule(c, h, i, off);
	}
	return err;
}

/* --- hooks ------------------------------------------------------------------------------------ */

/* is_off - whether what @off says of hooks holds now; rules are another matter */
static bool is_off(const struct off *off) {
	return off->kind != OFF_RULE && off_holds(off, intake_now_s());
}

static bool has(const struct off_list *l, const struct off *off) {
	for (uint32_t i = 0; i < l->n; i++)
		if (l->list[i].kind == off->kind && !strcmp(l->list[i].name, off->name))
			return true;
	return false;
}

static void go_safe(struct beat *b) {
	b->level = GUARD_SAFE;
	b->why = why_safe;
}

void switches_begin(struct live *l, struct beat *b, struct probe_options *po) {
	for (uint32_t i = 0; i < l->state.off.n; i++) {
		const struct off *off = &l->state.off.list[i];

		if (!is_off(off) || has(&l->left, off))
			continue;
		(void)off_put(&l->left, off);
		if (off->kind == OFF_ALL)
			go_safe(b);
		else
			l->leave[po->n_leave++] = l->left.list[l->left.n - 1].name;
	}
	po->leave = l->leave;
}

static int leave(struct live *l, struct probe *p, struct host *h, struct beat *b,
		 const struct off *off) {
	struct verdict v = { 0 };
	int n = probe_leave(p, off->name, "switched off by order or by its owner");

	(void)off_put(&l->left, off);
	l->just_left = true;
	if (off->kind == OFF_ALL)
		go_safe(b);
	verdict_say(&v, "switch", "off", who(off), "%s: %d deeds that were told are told no more",
		    off->kind == OFF_ALL ? "all hooks" : off->name, n);
	return host_content(h, &v);
}

/* look - at what the kernel has counted so far */
static void look(struct probe *p, uint64_t now_ms, struct toll_look *ret) {
	static struct probe_cost costs[TOLL_PROGRAMS];
	bool counted;

	ret->ms = now_ms;
	ret->n = (uint32_t)probe_costs(p, costs, TOLL_PROGRAMS, &counted);
	for (uint32_t i = 0; i < ret->n; i++)
		ret->programs[i] = (struct toll_program){ .ns = costs[i].run_ns,
							  .runs = costs[i].runs,
							  .family = toll_family(costs[i].family) };
}

static int shed(struct live *l, struct probe *p, struct host *h) {
	const char *family = toll_order[l->toll.which];
	int n = probe_leave(p, family, "left out for what it costs");
	struct verdict v = { 0 };

	l->just_left = true;
	verdict_say(&v, "cost", "shed", "budget",
		    "%s: %d deeds are told no more, because its programs took %llu of %llu "
		    "millionths of the CPUs, and %llu are allowed",
		    family, n, (unsigned long long)l->toll.family_ppm[l->toll.which],
		    (unsigned long long)l->toll.ppm, (unsigned long long)l->o->toll.budget_ppm);
	return host_content(h, &v);
}

/* tend_toll - once a second; -errno of telling */
static int tend_toll(struct live *l, struct probe *p, struct host *h, const struct beat *b,
		     bool *ret_again) {
	static struct toll_look now;
	uint64_t now_ms = host_boot_ns() / 1000000;
	struct verdict v = { 0 };

	if (!l->o->toll.budget_ppm || !toll_due(&l->toll, now_ms))
		return 0;
	look(p, now_ms, &now);
	switch (toll_step(&l->toll, &l->o->toll, &now)) {
	case TOLL_SHED:
		return shed(l, p, h);
	case TOLL_HELPLESS:
		verdict_say(&v, "cost", "over", "budget",
			    "programs took %llu millionths of the CPUs, and %llu are allowed; no "
			    "family that may go is the cause, so all stay",
			    (unsigned long long)l->toll.ppm,
			    (unsigned long long)l->o->toll.budget_ppm);
		return host_content(h, &v);
	case TOLL_BACK:
		*ret_again |= b->fd >= 0;
		return 0;
	default:
		return 0;
	}
}

bool switches_left(struct live *l) {
	bool left = l->just_left;

	l->just_left = false;
	return left;
}

int switches_hooks(struct live *l, struct probe *p, struct host *h, struct beat *b,
		   bool *ret_again) {
	const struct off_list *list = &l->state.off;
	struct off_list on = l->left;
	int err = tend_toll(l, p, h, b, ret_again);

	for (uint32_t i = 0; i < list->n && !err; i++) {
		if (!is_off(&list->list[i]))
			continue;
		(void)off_take(&on, list->list[i].kind, list->list[i].name);
		if (!has(&l->left, &list->list[i]))
			err = leave(l, p, h, b, &list->list[i]);
	}
	if (err || !on.n || l->stays)
		return err;
	*ret_again |= b->fd >= 0;
	l->stays = true;
	if (b->fd >= 0)
		return 0;
	log_warn("hooks that were switched off are to come back, for which the sensor must be "
		 "started anew, continuing");
	return 0;
}
