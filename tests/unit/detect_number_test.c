/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and times as events and rules write them. */
#include "detect/calendar.h"
#include "detect/number.h"
#include "test.h"

static bool is(const char *text, long double wanted) {
	long double v = 0;
	bool same = !number_read(str_of(text), &v) && v == wanted;

	if (!same)
		printf("# %s: %.20Lg\n", text, v);
	return same;
}

static void numbers_with_and_without_an_exponent(void) {
	long double a = 0, b = 0;

	CHECK(is("0", 0) && is("-0.50", -0.5L) && is("007", 7));
	CHECK(is("18446744073709551615", 18446744073709551615.0L));
	CHECK(is("-9223372036854775808", -9223372036854775808.0L));
	CHECK(is("5e-05", 0.00005L) && is("1.5e4", 15000) && is("1E+4", 10000) && is("1e0", 1));
	CHECK(is("1.8446744073709551615e19", 18446744073709551615.0L));
	CHECK(is("-1e-20", -1e-20L) && is("0e400", 0) && is("1.50e1", 15));
	CHECK(!number_read(STR("12e29"), &a));
	CHECK(!number_read(STR("1200000000000000000000000000000"), &b) && a == b);
	CHECK(!number_read(STR("1.7e308"), &a) && a > 1.6e308L && a < 1.8e308L);
}

static void what_is_no_number(void) {
	static const char *const texts[] = {
		"",	"-",	 "+1",	"1 ",	"0x10",	 "inf",	  "nan",   "1.2.3",
		".5",	"5.",	 "1e",	"1e+",	"e5",	 "5.e1",  "-e1",   "1e1e1",
		"1e5.0", "1e401", "1e-401", "1e309", "1e99999999999999999999",
		"11111111111111111111111111111111111111111",
	};
	long double v;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(number_read(str_of(texts[i]), &v) == -22);
}

static uint64_t ns_of(const char *text) {
	uint64_t ns;

	return calendar_ns(str_of(text), &ns) ? UINT64_MAX : ns;
}

static void a_time_with_its_zone_is_a_moment(void) {
	CHECK(ns_of("1970-01-01T00:00:00Z") == 0);
	CHECK(ns_of("2023-11-14T22:13:20Z") == 1700000000000000000u);
	CHECK(ns_of("2023-11-15 00:13:20.123456789+02:00") == 1700000000123456789u);
	CHECK(ns_of("2023-11-14T20:43:20,5-0130") == 1700000000500000000u);
	CHECK(ns_of("2023-11-14T22:13Z") == 1699999980000000000u);
	CHECK(ns_of("2024-02-29T23:59:60Z") == 1709251200000000000u);
}

static void what_is_no_moment(void) {
	static const char *const texts[] = {
		"",
		"2023-11-14",
		"2023-11-14T22:13:20",
		"2023-11-14T22:13:20 Z",
		"2023-11-14T22:13:20ZZ",
		"2023-11-14T22:13:20.Z",
		"2023-11-14T22:13:61Z",
		"2023-11-14T24:13:20Z",
		"2023-13-14T22:13:20Z",
		"2023-06-31T22:13:20Z",
		"2023-11-14T22:13:20+24:00",
		"2023-11-14T22:13:20+1",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01",
		"9999-01-01T00:00:00Z",
		"1700000000",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(ns_of(texts[i]) == UINT64_MAX);
}

int main(void) {
	RUN(numbers_with_and_without_an_exponent);
	RUN(what_is_no_number);
	RUN(a_time_with_its_zone_is_a_moment);
	RUN(what_is_no_moment);
	DONE();
}
