#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the program is made of, as it is told: every library that the loader takes, and the package's own version.

cd "$(dirname "$0")/../.." || exit 1
build=$([ "${SAN:-0}" = 1 ] && echo build-san || echo build)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

result() { # NAME STATUS
	[ "$2" = 0 ] && echo "ok sbom/$1" || { echo "not ok sbom/$1"; failed=1; }
}

scripts/sbom "$build/lapwing" >"$dir/one" && scripts/sbom "$build/lapwing" | cmp - "$dir/one"
result the_same_of_the_same_program $?

python3 - "$dir/one" "$build/lapwing" <<'END'
import hashlib, json, re, subprocess, sys

def out(*argv):
    return subprocess.run(argv, text=True, capture_output=True, check=True).stdout

with open(sys.argv[1], encoding="utf-8") as f:
    told = json.load(f)
rows = {p["packageFileName"]: p for p in told["packages"]}
paths = dict(re.findall(r"^\s*(lib\S+) => (/\S+)", out("ldd", sys.argv[2]), re.M))
wrong = [] if len(paths) >= 12 else [f"only {paths}"]
wrong += [f"{name} is not told" for name in paths if name not in rows]
wrong += [f"{name} is told" for name in rows if name not in paths and name != "lapwing"]
for name, p in rows.items():
    with open(paths.get(name, sys.argv[2]), "rb") as f:
        if p["checksums"][0]["checksumValue"] != hashlib.sha256(f.read()).hexdigest():
            wrong.append(f"{name}: another sum")
    if name != "lapwing" and p["versionInfo"] not in out("dpkg-query", "-W", "-f", "${Version}\n", p["name"]).split():
        wrong.append(f"{name}: version {p['versionInfo']}")
if rows["lapwing"]["versionInfo"] != out(sys.argv[2], "--version").split()[1]:
    wrong.append("its own version")
ids = {p["SPDXID"] for p in told["packages"]} | {told["SPDXID"]}
used = {r[end] for r in told["relationships"] for end in ("spdxElementId", "relatedSpdxElement")}
if told["spdxVersion"] != "SPDX-2.3" or used != ids or not all(
        re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", i) for i in ids):
    wrong.append(f"ids {sorted(ids ^ used)}")
print("".join(f"# {line}\n" for line in wrong), end="")
sys.exit(bool(wrong))
END
result every_library_with_its_package_version_and_sum $?

scripts/sbom "$dir/one" >/dev/null 2>&1
[ $? = 1 ]
result what_is_no_program_is_an_error $?

# a library of nobody's package, and one that is not there
echo 'int x;' | gcc -shared -o "$dir/libown.so" -Wl,-soname,libown.so -x c - &&
	echo 'extern int x; int main(void) { return x; }' | gcc -o "$dir/own" -x c - -x none "$dir/libown.so"
LD_LIBRARY_PATH=$dir scripts/sbom "$dir/own" 2>&1 >/dev/null | grep -q 'is of no package' &&
	scripts/sbom "$dir/own" 2>&1 >/dev/null | grep -q 'libown.so is missing'
result a_library_of_no_package_and_one_that_is_missing_are_errors $?
exit $failed
