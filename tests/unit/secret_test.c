/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "filter/programs.h"
#include "filter/secret.h"
#include "test.h"

static struct arena arena;
static struct secret_names names;

static bool masks(const char *line, const char *want) {
	struct str got = secret_mask_line(&names, &arena, str_of(line));
	bool same = str_eq(got, str_of(want));

	if (!same)
		printf("# %s\n# gives %.*s\n# not   %s\n", line, STR_FMT(got), want);
	return same;
}

#define MASKS_EACH(pairs)                                                                          \
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)                              \
	CHECK(masks(pairs[i][0], pairs[i][1]))

static void secrets_in_command_lines_are_masked(void) {
	static const char *const pairs[][2] = {
		{ "x --password hunter2 next", "x --password **** next" },
		{ "x --password=hunter2 next", "x --password=**** next" },
		{ "x --db-password=a&b;c next", "x --db-password=**** next" },
		{ "x -password hunter2", "x -password ****" },
		{ "env PGPASSWORD=s3 psql", "env PGPASSWORD=**** psql" },
		{ "env AWS_SECRET_ACCESS_KEY=abc/def+g= x", "env AWS_SECRET_ACCESS_KEY=**** x" },
		{ "x --API-Key k", "x --API-Key ****" },
		{ "x apiKey:abc", "x apiKey:****" },
		{ "/usr/bin/mysql -uroot -phunter2 db", "/usr/bin/mysql -uroot -p**** db" },
		{ "sshpass -p hunter2 ssh h", "sshpass -p **** ssh h" },
		{ "sshpass -phunter2 ssh h", "sshpass -p**** ssh h" },
		{ "redis-cli -a hunter2 get k", "redis-cli -a **** get k" },
		{ "curl -u me:hunter2 http://h/", "curl -u me:**** http://h/" },
		{ "curl --user me http://h/", "curl --user me http://h/" },
		{ "curl https://me:hunter2@h/p?token=abc&x=1",
		  "curl https://me:****@h/p?token=****&x=1" },
		{ "git clone https://ghp_0123456789abcdefghijkl@github.com/a",
		  "git clone https://****@github.com/a" },
		{ "curl -H Authorization: Bearer abc.def", "curl -H Authorization: Bearer ****" },
		{ "curl -H Authorization: abc", "curl -H Authorization: ****" },
		{ "curl -d {\"user\":\"me\",\"password\":\"x y\",\"z\":1}",
		  "curl -d {\"user\":\"me\",\"password\":\"****\",\"z\":1}" },
		{ "x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc", "x ****" },
		{ "openssl enc -k pw -in f", "openssl enc -k **** -in f" },
		{ "openssl rsa -passin pass:pw", "openssl rsa -passin ****" },
	};

	MASKS_EACH(pairs);
}

static void secrets_within_quotes_of_two_kinds_are_masked_to_their_end(void) {
	static const char *const pairs[][2] = {
		{ "sh -c \"curl -d '{\\\"password\\\":\\\"x,y\\\",\\\"n\\\":1}' h\"",
		  "sh -c \"curl -d '{\\\"password\\\":\\\"****\\\",\\\"n\\\":1}' h\"" },
		{ "{\"password\":\"a\\\"b\",\"n\":1}", "{\"password\":\"****\",\"n\":1}" },
		{ "sh -c \"curl -H 'Cookie: a=1; session=x' h\"",
		  "sh -c \"curl -H 'Cookie: ****' h\"" },
		{ "sh -c \"docker run -e 'PASS=a,b' x\"", "sh -c \"docker run -e 'PASS=****' x\"" },
	};

	MASKS_EACH(pairs);
}

static void a_secret_in_a_url_is_masked_to_its_last_sign(void) {
	static const char *const pairs[][2] = {
		{ "mysql://root:P@ssw0rd@db.example/x", "mysql://root:****@db.example/x" },
		{ "psql postgres://u:ab/cd?e#f@host/db", "psql postgres://u:****@host/db" },
		{ "x 'amqp://u:p@q@h/v' b@c", "x 'amqp://u:****@h/v' b@c" },
		{ "x=http://u:80a@h", "x=http://u:****@h" },
		{ "a http://h:80/u@x b", "a http://h:80/u@x b" },
		{ "a http://h:80 u:p@x", "a http://h:80 u:p@x" },
		{ "a http://h/u:p@x ftp://u:p@h", "a http://h/u:p@x ftp://u:****@h" },
		{ "a http://u:p", "a http://u:p" },
		{ "a http://u:@h", "a http://u:@h" },
		{ "http://a:b@c x://d:e@f", "http://a:****@c x://d:****@f" },
	};

	MASKS_EACH(pairs);
}

static void what_logs_say_in_such_names_stays(void) {
	static const char *const lines[] = {
		"sudo: bob : TTY=pts/0 ; PWD=/dev/shm ; USER=root ; COMMAND=/tmp/x",
		"audit: type=1326 exe=\"/x\" sig=31 arch=c000003e",
		"env OLDPWD=/x PWD=/y true",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CHECK(masks(lines[i], lines[i]));
	CHECK(masks("x Server=h;UID=sa;PWD=Secret1", "x Server=h;UID=sa;PWD=****"));
	CHECK(masks("curl https://h/p?sig=31abc&x=1", "curl https://h/p?sig=****&x=1"));
}

static void secrets_of_known_programs_are_masked(void) {
	static const char *const pairs[][2] = {
		{ "zip -P pw a.zip f", "zip -P **** a.zip f" },
		{ "zip -rP pw a.zip f", "zip -rP **** a.zip f" },
		{ "unzip -Ppw a.zip", "unzip -P**** a.zip" },
		{ "7z x -ppw a.7z", "7z x -p**** a.7z" },
		{ "rar a -hppw a.rar f", "rar a -hp**** a.rar f" },
		{ "sqlcmd -S h -U sa -P pw -Q x", "sqlcmd -S h -U sa -P **** -Q x" },
		{ "mosquitto_pub -u me -P pw -t x", "mosquitto_pub -u me -P **** -t x" },
		{ "mosquitto_sub --pw pw -t x", "mosquitto_sub --pw **** -t x" },
		{ "htpasswd -b f me pw", "htpasswd -b f me ****" },
		{ "htpasswd -cbB f me pw", "htpasswd -cbB f me ****" },
		{ "htpasswd -nb me pw", "htpasswd -nb me ****" },
		{ "htpasswd -bnBC 10 me pw", "htpasswd -bnBC 10 **** ****" },
		{ "vault login s.abcdef", "vault login ****" },
		{ "vault operator unseal a/b==", "vault operator unseal ****" },
		{ "vault login -method=userpass username=me password=pw",
		  "vault login -method=userpass username=me password=****" },
		{ "aws configure set aws_secret_access_key pw --profile p",
		  "aws configure set aws_secret_access_key **** --profile p" },
		{ "aws secretsmanager put-secret-value --secret-string pw",
		  "aws secretsmanager put-secret-value --secret-string ****" },
		{ "git config --global github.token pw", "git config --global github.token ****" },
		{ "npm config set //r.example/:_authToken pw",
		  "npm config set //r.example/:_authToken ****" },
		{ "nmcli dev wifi connect net password pw",
		  "nmcli dev wifi connect net password ****" },
		{ "net use Z: \\\\srv\\s pw /user:me", "net use Z: \\\\srv\\s **** /user:me" },
		{ "net ads join -U admin%pw", "net ads join -U admin%****" },
		{ "curl -b session=pw http://h/", "curl -b session=**** http://h/" },
		{ "curl -bsession=pw http://h/", "curl -bsession=**** http://h/" },
		{ "curl --cookie session=pw http://h/", "curl --cookie session=**** http://h/" },
		{ "curl -ume:pw http://h/", "curl -ume:**** http://h/" },
		{ "curl -sSku me:pw http://h/", "curl -sSku me:**** http://h/" },
		{ "curl --cert c.pem:pw http://h/", "curl --cert c.pem:**** http://h/" },
		{ "psql postgres://me:pw@h/db", "psql postgres://me:****@h/db" },
		{ "docker login -u me -p pw r.example", "docker login -u me -p **** r.example" },
		{ "docker login -ppw r.example", "docker login -p**** r.example" },
		{ "helm registry login h -u me -p pw", "helm registry login h -u me -p ****" },
		{ "openssl pkcs12 -export -passout pass:pw",
		  "openssl pkcs12 -export -passout ****" },
		{ "openssl passwd -6 pw", "openssl passwd -6 ****" },
		{ "mkpasswd pw", "mkpasswd ****" },
		{ "mycli -p pw db", "mycli -p **** db" },
		{ "ldapsearch -D cn=me -w pw", "ldapsearch -D cn=me -w ****" },
		{ "ldappasswd -s new -a old", "ldappasswd -s **** -a ****" },
		{ "smbclient //h/s -U me%pw -c ls", "smbclient //h/s -U me%**** -c ls" },
		{ "smbclient -Ume%pw //h/s", "smbclient -Ume%**** //h/s" },
		{ "lftp -u me,pw h", "lftp -u me,**** h" },
		{ "http -a me:pw h", "http -a me:**** h" },
		{ "rclone obscure pw", "rclone obscure ****" },
		{ "redis-cli -h h -a pw ping", "redis-cli -h h -a **** ping" },
		{ "gpg --batch --passphrase pw -d f", "gpg --batch --passphrase **** -d f" },
		{ "snmpwalk -v3 -A pw -X pw2 h", "snmpwalk -v3 -A **** -X **** h" },
		{ "snmpget -v2c -c public h", "snmpget -v2c -c **** h" },
		{ "xfreerdp /u:me /p:pw /v:h", "xfreerdp /u:me /p:**** /v:h" },
		{ "plink -pw pw h", "plink -pw **** h" },
		{ "ipmitool -U me -P pw power on", "ipmitool -U me -P **** power on" },
		{ "ssh-keygen -N pw -f k", "ssh-keygen -N **** -f k" },
		{ "keytool -storepass pw -keypass pw", "keytool -storepass **** -keypass ****" },
		{ "wpa_passphrase net pw", "wpa_passphrase net ****" },
		{ "kubectl create secret generic s --from-literal=k=pw",
		  "kubectl create secret generic s --from-literal=****" },
		{ "curl https://h/b?sig=pw&x=1", "curl https://h/b?sig=****&x=1" },
		{ "curl -d {\"accessToken\":\"pw\"}", "curl -d {\"accessToken\":\"****\"}" },
		{ "sudo -u me mysql -ppw db", "sudo -u me mysql -p**** db" },
		{ "env A=b timeout 5 /usr/bin/sshpass -p pw ssh -p 22 h",
		  "env A=b timeout 5 /usr/bin/sshpass -p **** ssh -p **** h" },
		{ "mysql -u root -D git -ppw", "mysql -u root -D git -p****" },
		{ "sh -c mysqldump -ppw db; ssh -p22 h",
		  "sh -c mysqldump -p**** db; ssh -p22 h" },
		{ "x --password  pw", "x --password  ****" },
	};

	MASKS_EACH(pairs);
}

static void every_program_is_found(void) {
	static const char *const found[] = {
		"7z",	 "az",	  "bcp", "curl",      "docker",	 "git",	  "htpasswd",
		"mysql", "net",	  "psftp", "redis-cli", "sshpass", "unzip", "vault",
		"xhs",	 "yarn",  "zip", "zipcloak",  "openssl", "wpa_passphrase",
	};
	static const char *const absent[] = { "", "0", "a", "my", "mysq", "mysqlx", "zzz", "ssh" };

	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
		CHECK(secret_program(str_of(found[i])));
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		CHECK(!secret_program(str_of(absent[i])));
}

static void what_is_no_secret_stays_as_it_is_and_is_not_copied(void) {
	static const char *const lines[] = {
		"", " ", "ls -l /etc/passwd", "cat password.txt", "mysql -p db", "ssh -p 22 host",
		"x --bypass next", "x --password-file /f", "x bypass=1", "x tokens", "passwd",
		"git commit -m secret", "http://host:80/path", "x a=b=c", "x sk-short",
		"tokenizer=1",
		"curl http://h/?q=token", "mkdir -p /a/b", "x ://:@", "x :// :", "x =", "x --=",
		"cp -p a b", "ps -P 1", "ssh -p22 h", "ssh -P x h", "docker run -p 80:80 nginx",
		"docker run -p80:80 mysql", "unzip -p a.zip f", "unzip -qo a.zip", "7z x -p a.7z",
		"curl -b cookies.txt http://h/", "curl -sSo f http://h/", "curl -u me http://h/",
		"curl -c jar http://h/", "vault login", "vault status",
		"vault login -method=oidc role=x", "htpasswd -c f me", "htpasswd -D f me",
		"aws configure set region eu-central-1", "aws configure get x",
		"git config user.name me", "git add token f", "openssl rsa -key f -keyout g",
		"openssl req -new -key f -subj /CN=a", "openssl enc -kfile f", "redis-cli -h h",
		"cryptsetup open --key-file=/root/k /dev/x",
		  "cryptsetup --key-slot 1 luksAddKey /d",
		"gpg --passphrase-file f", "docker login --password-stdin r", "net ads info",
		"ldapsearch -W -D cn=me -s sub", "smbclient -L h -N", "rclone copy a b",
		"mysql -P 3306 -h h", "mysql -e select", "grep -u x", "sqlcmd -E -S h",
		"mosquitto_pub -p 1883 -h h", "zip -r a.zip pdir", "echo don't and won't",
		"awk '{ print $1 }' f", "sh -c if [ -p x ]; then y; fi", "snmpget -v2 h",
		"sh -c 'ls -la /tmp'  \"x\"", "sig", "assign=1", "design=x", "bytoken=1",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct str line = str_of(lines[i]);
		struct str got = secret_mask_line(&names, &arena, line);

		if (got.s != line.s || got.n != line.n) {
			printf("# %s\n", lines[i]);
			CHECK(false);
		}
	}
}

/* arguments - whether those of @list, between '|', become those of @want */
static bool arguments(const char *list, const char *want) {
	struct str args[16];
	struct strv got;
	struct buf b = { 0 };
	uint32_t n = 0;
	bool same;

	for (const char *at = list; n < 16;) {
		size_t len = strcspn(at, "|");

		args[n++] = (struct str){ at, (uint32_t)len };
		if (!at[len])
			break;
		at += len + 1;
	}
	got = secret_mask_args(&names, &arena, (struct strv){ args, n });
	for (uint32_t i = 0; i < got.n; i++)
		buf_addf(&b, "%s%.*s", i ? "|" : "", STR_FMT(got.v[i]));
	same = b.len == strlen(want) && !memcmp(b.data, want, b.len);
	if (!same)
		printf("# %s\n# gives %.*s\n# not   %s\n", list, (int)b.len, b.data, want);
	buf_done(&b);
	return same;
}

/* What a shell, ssh or cron is told to run is one argument. */
static void a_line_within_an_argument_is_masked_as_one(void) {
	static const char *const pairs[][2] = {
		{ "/bin/sh|-c|mysqldump -u root -ppw db > /b",
		  "/bin/sh|-c|mysqldump -u root -p**** db > /b" },
		{ "bash|-c|curl -u me:pw http://h/ | sh",
		  "bash|-c|curl -u me:**** http://h/ | sh" },
		{ "bash|-c|set -e\n\tmysql -ppw\nls -p", "bash|-c|set -e\n\tmysql -p****\nls -p" },
		{ "sh|-c|x=$(mysql -ppw)", "sh|-c|x=$(mysql -p****" },
		{ "sh|-c|curl -H 'Authorization: Bearer pw' http://h/",
		  "sh|-c|curl -H 'Authorization: Bearer ****' http://h/" },
		{ "sh|-c|curl -d '{\"a\": 1, \"password\": \"x y\"}' h",
		  "sh|-c|curl -d '{\"a\": 1, \"password\": \"****\"}' h" },
		{ "sh|-c|sshpass -p 'two words' ssh h", "sh|-c|sshpass -p **** ssh h" },
		{ "sh|-c|mysql -p'two words' db", "sh|-c|mysql -p**** db" },
		{ "sh|-c|ssh h 'mysql -ppw db'", "sh|-c|ssh h 'mysql -p**** db'" },
		{ "ssh|h|sh -c \"mysql -ppw\"", "ssh|h|sh -c \"mysql -p****\"" },
		{ "sh|-c|echo don't; x --password pw y's",
		  "sh|-c|echo don't; x --password **** y's" },
		{ "sh|-c|'tis --password pw 'twas", "sh|-c|'tis --password **** 'twas" },
		{ "sh|-c|PGPASSWORD=pw psql -c \"select 1\"",
		  "sh|-c|PGPASSWORD=**** psql -c \"select 1\"" },
		{ "sh|-c|htpasswd -b f me pw && ls f g h",
		  "sh|-c|htpasswd -b f me **** && ls f g h" },
		{ "sh|-c|x 'password=a b' c", "sh|-c|x 'password=****' c" },
		{ "sh|-c|x; password=a b", "sh|-c|x; password=**** b" },
		{ "x|password=a b", "x|password=****" },
		{ "mysql|-e|select 1 from t", "mysql|-e|select 1 from t" },
		{ "sh|-c|ssh -p 22 h; mkdir -p /x; docker run -p 80:80 i",
		  "sh|-c|ssh -p 22 h; mkdir -p /x; docker run -p 80:80 i" },
		{ "python3|-c|print('a b')", "python3|-c|print('a b')" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		CHECK(arguments(pairs[i][0], pairs[i][1]));
}

/* A quote is most often that around the URL, but may be the secret's own. */
static void a_quote_in_the_secret_of_a_url_does_not_show_it(void) {
	static const char *const pairs[][2] = {
		{ "x|mysql://root:it's@db/x", "x|mysql://root:****@db/x" },
		{ "x|mysql://root:a\"b@db/x", "x|mysql://root:****@db/x" },
		{ "x|mysql://root:a`b@db/x", "x|mysql://root:****@db/x" },
		{ "x|a@b://root:it's@db/x", "x|a@b://root:****@db/x" },
		{ "sh|-c|mysql://root:'pw'@db/x", "sh|-c|mysql://root:****@db/x" },
		{ "x|http://u:p' 'b@c", "x|http://u:p' 'b@c" },
		{ "x|\"http://h:80\",\"b@c\"", "x|\"http://h:80\",\"b@c\"" },
		{ "x|\"http://u:p\",\"http://h/@c\"", "x|\"http://u:p\",\"http://h/@c\"" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		CHECK(arguments(pairs[i][0], pairs[i][1]));
	CHECK(masks("x mysql://root:it's@db/x", "x mysql://root:****@db/x"));
}

static void an_argument_is_masked_to_its_end(void) {
	struct str args[] = { STR("/usr/bin/curl"), STR("-H"), STR("Authorization: Bearer a b"),
			      STR("--password"), STR("x y z"), STR("-H"), STR("Cookie: a=b; c=d"),
			      STR("{\"password\":\"x y\",\"z\":1}") };
	struct strv got = secret_mask_args(&names, &arena, (struct strv){ args, 8 });

	CHECK(got.n == 8 && str_eq(got.v[2], STR("Authorization: Bearer ****")));
	CHECK(str_eq(got.v[4], STR("****")) && str_eq(got.v[6], STR("Cookie: ****")));
	CHECK(str_eq(got.v[7], STR("{\"password\":\"****\",\"z\":1}")));
	CHECK(got.v[0].s == args[0].s && got.v[1].s == args[1].s);
	CHECK(arguments("mysql|-phunter two|db", "mysql|-p****|db"));
	CHECK(arguments("sudo|sshpass|-p|a b|ssh", "sudo|sshpass|-p|****|ssh"));
	got = secret_mask_args(&names, &arena, (struct strv){ args, 2 });
	CHECK(got.v == args && got.n == 2);
	got = secret_mask_args(&names, &arena, (struct strv){ args, 0 });
	CHECK(got.n == 0);
}

static void masking_takes_time_in_proportion_to_the_text(void) {
	static const char *const pieces[] = { "password=", "a://b:", "://a:", "a://b:c@",
					       "a://b:c'",
					       "--token ", "Bearer: ", "-p",
					       "\"x '", "' \"", "mysql -p'", "vault login " };
	enum { N = 1 << 20 };
	char *text = malloc(N);

	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
		size_t n = strlen(pieces[p]);

		for (size_t i = 0; i < N; i++)
			text[i] = pieces[p][i % n];
		/* a quadratic pass would take hours */
		CHECK(secret_mask_line(&names, &arena, (struct str){ text, N }).s != NULL);
	}
	free(text);
}

int main(void) {
	arena_init(&arena, 64 << 20);
	secret_defaults(&names);
	RUN(secrets_in_command_lines_are_masked);
	RUN(secrets_within_quotes_of_two_kinds_are_masked_to_their_end);
	RUN(a_secret_in_a_url_is_masked_to_its_last_sign);
	RUN(what_logs_say_in_such_names_stays);
	RUN(secrets_of_known_programs_are_masked);
	RUN(every_program_is_found);
	RUN(what_is_no_secret_stays_as_it_is_and_is_not_copied);
	RUN(a_quote_in_the_secret_of_a_url_does_not_show_it);
	RUN(an_argument_is_masked_to_its_end);
	RUN(a_line_within_an_argument_is_masked_as_one);
	RUN(masking_takes_time_in_proportion_to_the_text);
	arena_done(&arena);
	DONE();
}
