/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/programs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_BYTES 16

enum family {
	SETTINGS = SECRET_SETTINGS,
	ZIP = 1u << 1,
	SEVENZIP = 1u << 2,
	RAR = 1u << 3,
	MYSQL = 1u << 4,
	DASH_P = 1u << 5,
	REDIS = 1u << 6,
	LOGIN = 1u << 7,
	DASH_W = 1u << 16,
	LDAPPASSWD = 1u << 17,
	OPENSSL = 1u << 18,
	BIG_P = 1u << 19,
	KEYGEN = 1u << 20,
	CURL = 1u << 21,
	SMB = 1u << 22,
	DASH_U = 1u << 23,
	HTTPIE = 1u << 24,
	SNMP = 1u << 25,
	RDP = 1u << 26,
	PUTTY = 1u << 27,
	/* those with a place */
	HTPASSWD = 1u << 8,
	VAULT = 1u << 9,
	HASHED = 1u << 10,
	WPA = 1u << 11,
	OBSCURED = 1u << 12,
	NET = 1u << 13,
	MKPASSWD = 1u << 14,
};

/* By name, in the order of strcmp(). */
static const struct program {
	const char *name;
	uint32_t families;
} programs[] = {
	{ "7z", SEVENZIP }, { "7za", SEVENZIP }, { "7zr", SEVENZIP }, { "7zz", SEVENZIP },
	{ "7zzs", SEVENZIP }, { "aws", SETTINGS }, { "az", LOGIN }, { "bao", VAULT },
	{ "bcp", BIG_P }, { "bsqldb", BIG_P }, { "buildah", LOGIN }, { "cf", LOGIN },
	{ "composer", SETTINGS }, { "crane", LOGIN }, { "curl", CURL }, { "docker", LOGIN },
	{ "gcloud", SETTINGS }, { "git", SETTINGS }, { "helm", LOGIN },
	{ "htpasswd", HTPASSWD }, { "http", HTTPIE }, { "httpie", HTTPIE }, { "https", HTTPIE },
	{ "ipmitool", BIG_P }, { "kadmin", DASH_W }, { "ldapadd", DASH_W },
	{ "ldapcompare", DASH_W }, { "ldapdelete", DASH_W }, { "ldapexop", DASH_W },
	{ "ldapmodify", DASH_W }, { "ldapmodrdn", DASH_W },
	{ "ldappasswd", DASH_W | LDAPPASSWD }, { "ldapsearch", DASH_W },
	{ "ldapwhoami", DASH_W }, { "lftp", DASH_U }, { "mariadb", MYSQL },
	{ "mariadb-admin", MYSQL }, { "mariadb-binlog", MYSQL }, { "mariadb-check", MYSQL },
	{ "mariadb-dump", MYSQL }, { "mariadb-import", MYSQL }, { "mariadb-show", MYSQL },
	{ "mkpasswd", MKPASSWD }, { "mongo", DASH_P }, { "mongodump", DASH_P },
	{ "mongoexport", DASH_P }, { "mongoimport", DASH_P }, { "mongorestore", DASH_P },
	{ "mongosh", DASH_P }, { "mosquitto_pub", BIG_P }, { "mosquitto_rr", BIG_P },
	{ "mosquitto_sub", BIG_P }, { "mycli", DASH_P }, { "mysql", MYSQL },
	{ "mysqladmin", MYSQL }, { "mysqlbinlog", MYSQL }, { "mysqlcheck", MYSQL },
	{ "mysqldump", MYSQL }, { "mysqlimport", MYSQL }, { "mysqlpump", MYSQL },
	{ "mysqlshow", MYSQL }, { "mysqlslap", MYSQL }, { "nerdctl", LOGIN },
	{ "net", SMB | NET }, { "nmcli", SETTINGS }, { "npm", SETTINGS }, { "oc", LOGIN },
	{ "openssl", OPENSSL | HASHED }, { "oras", LOGIN }, { "osql", BIG_P },
	{ "pip", SETTINGS }, { "pip3", SETTINGS }, { "plink", PUTTY }, { "pnpm", SETTINGS },
	{ "podman", LOGIN }, { "pscp", PUTTY }, { "psftp", PUTTY }, { "rar", RAR },
	{ "rclone", SETTINGS | OBSCURED }, { "rdesktop", DASH_P }, { "redis-cli", REDIS },
	{ "regctl", LOGIN }, { "rpcclient", SMB }, { "samba-tool", SMB }, { "sdl-freerdp", RDP },
	{ "skopeo", LOGIN }, { "smbcacls", SMB }, { "smbclient", SMB },
	{ "smbcquotas", SMB }, { "smbget", SMB }, { "smbpasswd", DASH_W }, { "smbtree", SMB },
	{ "snmpbulkget", SNMP }, { "snmpbulkwalk", SNMP }, { "snmpdelta", SNMP },
	{ "snmpdf", SNMP }, { "snmpget", SNMP }, { "snmpgetnext", SNMP }, { "snmpinform", SNMP },
	{ "snmpset", SNMP }, { "snmpstatus", SNMP }, { "snmptable", SNMP }, { "snmptest", SNMP },
	{ "snmptrap", SNMP }, { "snmpwalk", SNMP }, { "sqlcmd", BIG_P },
	{ "ssh-keygen", BIG_P | KEYGEN }, { "sshpass", DASH_P }, { "tsql", BIG_P },
	{ "unrar", RAR }, { "unzip", ZIP }, { "useradd", DASH_P }, { "usermod", DASH_P },
	{ "valkey-cli", REDIS }, { "vault", VAULT }, { "winexe", SMB }, { "wlfreerdp", RDP },
	{ "wpa_passphrase", WPA }, { "xfreerdp", RDP }, { "xfreerdp3", RDP }, { "xh", HTTPIE },
	{ "xhs", HTTPIE }, { "yarn", SETTINGS }, { "zip", ZIP }, { "zipcloak", ZIP },
};

static const struct secret_option options[] = {
	{ ZIP, { "-P", 2 }, SECRET_CLUSTER },
	{ SEVENZIP, { "-p", 2 }, SECRET_ATTACHED },
	{ RAR, { "-p", 2 }, SECRET_ATTACHED },
	{ RAR, { "-hp", 3 }, SECRET_ATTACHED },
	{ MYSQL, { "-p", 2 }, SECRET_ATTACHED },
	{ DASH_P, { "-p", 2 }, SECRET_NEXT },
	{ REDIS, { "-a", 2 }, SECRET_EXACT },
	{ LOGIN, { "-p", 2 }, SECRET_LOGIN },
	{ DASH_W, { "-w", 2 }, SECRET_NEXT },
	{ LDAPPASSWD, { "-s", 2 }, SECRET_NEXT },
	{ LDAPPASSWD, { "-a", 2 }, SECRET_NEXT },
	{ OPENSSL, { "-passin", 7 }, SECRET_EXACT },
	{ OPENSSL, { "-passout", 8 }, SECRET_EXACT },
	{ OPENSSL, { "-pass", 5 }, SECRET_EXACT },
	{ OPENSSL, { "-k", 2 }, SECRET_EXACT },
	{ OPENSSL, { "-K", 2 }, SECRET_EXACT },
	{ OPENSSL, { "-psk", 4 }, SECRET_EXACT },
	{ BIG_P, { "-P", 2 }, SECRET_NEXT },
	{ BIG_P, { "--pw", 4 }, SECRET_EXACT },
	{ KEYGEN, { "-N", 2 }, SECRET_NEXT },
	{ CURL, { "-u", 2 }, SECRET_PAIR },
	{ CURL, { "-U", 2 }, SECRET_PAIR },
	{ CURL, { "--user", 6 }, SECRET_PAIR },
	{ CURL, { "--proxy-user", 12 }, SECRET_PAIR },
	{ CURL, { "-E", 2 }, SECRET_PAIR },
	{ CURL, { "--cert", 6 }, SECRET_PAIR },
	{ CURL, { "--proxy-cert", 12 }, SECRET_PAIR },
	{ CURL, { "-b", 2 }, SECRET_COOKIE },
	{ CURL, { "--cookie", 8 }, SECRET_COOKIE },
	{ SMB, { "-U", 2 }, SECRET_PAIR },
	{ SMB, { "--user", 6 }, SECRET_PAIR },
	{ DASH_U, { "-u", 2 }, SECRET_PAIR },
	{ DASH_U, { "--user", 6 }, SECRET_PAIR },
	{ HTTPIE, { "-a", 2 }, SECRET_PAIR },
	{ HTTPIE, { "--auth", 6 }, SECRET_PAIR },
	{ SNMP, { "-A", 2 }, SECRET_NEXT },
	{ SNMP, { "-X", 2 }, SECRET_NEXT },
	{ SNMP, { "-c", 2 }, SECRET_NEXT },
	{ RDP, { "/p:", 3 }, SECRET_ATTACHED },
	{ RDP, { "/pth:", 5 }, SECRET_ATTACHED },
	{ PUTTY, { "-pw", 3 }, SECRET_EXACT },
};

/* The first that fits counts. */
static const struct secret_place places[] = {
	/* USER SECRET, FILE USER SECRET */
	{ HTPASSWD, "", 1, SECRET_LETTER('b') | SECRET_LETTER('n'), false, false },
	{ HTPASSWD, "", 2, SECRET_LETTER('b'), false, false },
	{ VAULT, "login", 0, 0, true, false },
	{ VAULT, "unseal", 0, 0, true, false },
	{ VAULT, "token", 1, 0, true, false }, /* lookup SECRET */
	{ HASHED, "passwd", 0, 0, false, false },
	{ WPA, "", 1, 0, false, false }, /* SSID SECRET */
	{ OBSCURED, "obscure", 0, 0, false, false },
	{ NET, "use", 1, 0, false, true },
	{ MKPASSWD, "", 0, 0, false, false },
};

/* Tokens that say themselves what they are. */
static const struct str prefixes[] = {
	{ "ghp_", 4 }, { "gho_", 4 }, { "ghu_", 4 }, { "ghs_", 4 }, { "ghr_", 4 },
	{ "github_pat_", 11 }, { "glpat-", 6 }, { "gldt-", 5 }, { "glrt-", 5 }, { "glptt-", 6 },
	{ "xoxb-", 5 }, { "xoxp-", 5 }, { "xoxa-", 5 }, { "xoxe-", 5 }, { "xapp-", 5 },
	{ "AKIA", 4 }, { "ASIA", 4 }, { "AIza", 4 }, { "ya29.", 5 }, { "sk-", 3 },
	{ "sk_live_", 8 }, { "rk_live_", 8 }, { "eyJ", 3 }, { "hvs.", 4 }, { "hvb.", 4 },
	{ "npm_", 4 }, { "pypi-", 5 }, { "dop_v1_", 7 }, { "dckr_pat_", 9 }, { "hf_", 3 },
	{ "SG.", 3 }, { "shpat_", 6 }, { "lin_api_", 8 }, { "AGE-SECRET-KEY-1", 16 },
};

static int compare(const void *key, const void *row) {
	const struct str *name = key;
	const char *other = ((const struct program *)row)->name;
	size_t n = strlen(other);
	int d = memcmp(name->s, other, name->n < n ? name->n : n);

	return d ? d : (name->n > n) - (name->n < n);
}

uint32_t secret_program(struct str name) {
	const struct program *p;

	if (!name.n)
		return 0;
	p = bsearch(&name, programs, sizeof(programs) / sizeof(programs[0]), sizeof(programs[0]),
		    compare);
	return p ? p->families : 0;
}

/* is_cluster - "-sSu" for "-u": letters only, and the option's is the last */
static bool is_cluster(struct str word, struct str flag) {
	if (flag.n != 2 || word.n < 3 || word.s[0] != '-' || word.s[word.n - 1] != flag.s[1])
		return false;
	for (uint32_t i = 1; i < word.n; i++) {
		if ((word.s[i] | 0x20) < 'a' || (word.s[i] | 0x20) > 'z')
			return false;
	}
	return true;
}

/* fits - whether @word is the option @o, with what may be attached to it */
static bool fits(const struct secret_option *o, bool login, struct str word) {
	bool is_short = o->flag.n == 2;

	switch (o->how) {
	case SECRET_EXACT:
		return str_eq(word, o->flag);
	case SECRET_ATTACHED:
		return str_starts(word, o->flag) && word.n > o->flag.n;
	case SECRET_LOGIN:
		if (!login)
			return false;
		break;
	case SECRET_CLUSTER:
	case SECRET_PAIR:
		if (is_cluster(word, o->flag))
			return true;
		break;
	default:
		break;
	}
	return str_eq(word, o->flag) || (is_short && str_starts(word, o->flag));
}

const struct secret_option *secret_option(uint32_t families, bool login, struct str word) {
	if (word.n < 2 || !families)
		return NULL;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if ((options[i].family & families) && fits(&options[i], login, word))
			return &options[i];
	}
	return NULL;
}

const struct secret_place *secret_place(uint32_t families, uint32_t letters, struct str word) {
	for (size_t i = 0; families && i < sizeof(places) / sizeof(places[0]); i++) {
		const struct secret_place *p = &places[i];

		if ((p->family & families) && (p->letters & letters) == p->letters &&
		    (!p->verb[0] || str_eq(word, str_of(p->verb))))
			return p;
	}
	return NULL;
}

bool secret_place_spares(const struct secret_place *p, struct str word) {
	const char *equals = memchr(word.s, '=', word.n);

	if (p->paths && (word.s[0] == '/' || word.s[0] == '\\'))
		return true;
	/* base64 ends with "=", a setting does not */
	return p->settings && equals && equals + 1 < word.s + word.n && equals[1] != '=';
}

bool secret_token(struct str x) {
	if (x.n < TOKEN_BYTES)
		return false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (str_starts(x, prefixes[i]))
			return true;
	}
	return false;
}

bool secret_scheme(struct str word) {
	static const char *const schemes[] = { "bearer", "basic", "token", "digest", "apikey" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (word.n == strlen(schemes[i]) && !strncasecmp(word.s, schemes[i], word.n))
			return true;
	}
	return false;
}

bool secret_known(struct str name, struct str value) {
	uint32_t n = 0;

	if (str_eq(name, STR("PWD")) || str_eq(name, STR("OLDPWD")))
		return value.n && value.s[0] == '/';
	while (n < value.n && isdigit((unsigned char)value.s[n]))
		n++;
	return str_eq(name, STR("sig")) && n && n < 3 && (n == value.n || value.s[n] == ' ');
}
