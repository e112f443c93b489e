#!/bin/bash
# runenv-base and runenv-base-glibc: what is in them, programs on them, and on their way through a registry.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
. "$KONTAIN_SOURCE/tests/runenv/lib.sh"
need_runenv
need docker-registry gcc g++ jq
make_workdir
start_registry
make_runenv base-glibc
expect_contains <(kontain_build ls) "runenv-base-glibc:latest"
kontain_build runenv ls --json >list
expect_equal "$(jq -r '.[] | select(.name == "base" or .name == "base-glibc") | .built' list | sort -u)" true "built"
# The tag is the recipe's digest, and the same recipe is the same image.
tag=$(jq -r '.[] | select(.name == "base-glibc") | .recipe' list)
expect_contains built "runenv-base-glibc:$tag"
before=$(kontain_build inspect "runenv-base-glibc:$tag" --show raw | sha256sum)
(flock 9; kontain_build runenv build base-glibc --no-cache >/dev/null 2>&1) 9>"$store.lock" || fail "runenv build --no-cache"
expect_equal "$(kontain_build inspect "runenv-base-glibc:$tag" --show raw | sha256sum)" "$before" "the image made again"
kontain_build inspect --show config "runenv-base-glibc:$tag" | jq -e '.config.Labels | .["app.kontain.revision"] and .["app.kontain.version"]' \
  >/dev/null || fail "labels"

# Through a registry into another store: the same image, which bare krun starts.
kontain_build copy "runenv-base-glibc:latest" "docker://$registry/team/runenv-base-glibc:latest" >/dev/null
other() { "$KONTAIN_SDK/bin/kontain-build" --store "$workdir/other" "$@"; }
other runenv pull base-glibc --from "$registry/team" >pulled
expect_contains pulled "runenv-base-glibc:latest sha256:"
expect_equal "$(other inspect runenv-base-glibc --show raw | sha256sum)" "$before" "the image that was pulled"
expect_status 1 other runenv pull nothing --from "$registry/team"
expect_contains err "kontain-build: pull: $registry/team/runenv-nothing:latest: the registry answers 404"
other runenv unpack base-glibc base-glibc >/dev/null
mkdir base-glibc/rootfs/work
root=base-glibc/rootfs
expect_equal "$(cut -d: -f1 $root/etc/passwd | tr '\n' ' ')" "root app nobody " "users"
openssl crl2pkcs7 -nocrl -certfile $root/etc/ssl/certs/ca-certificates.crt | openssl pkcs7 -print_certs -noout >certificates
[ "$(grep -c ^subject certificates)" -gt 100 ] || fail "only $(grep -c ^subject certificates) certificates"

# Dynamic programs in C and C++: users, time zones, threads, exceptions through the shared libraries.
cat >facts.c <<'C'
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
int main(void) {
  struct utsname names;
  struct passwd *user = getpwuid(1000);
  time_t summer = 1720000000;
  setenv("TZ", "Europe/Berlin", 1);
  uname(&names);
  printf("%s %s %s", names.release, user ? user->pw_name : "nobody", ctime(&summer));
  return 0;
}
C
cat >throws.cc <<'C'
#include <iostream>
#include <stdexcept>
#include <thread>
int main() {
  int sum = 0;
  std::thread([&] { for (int i = 0; i < 1000; ++i) sum += i; }).join();
  try {
    throw std::runtime_error("thrown");
  } catch (const std::exception& error) {
    std::cout << error.what() << " " << sum << std::endl;
  }
}
C
gcc -o $root/work/facts facts.c
g++ -o $root/work/throws throws.cc
in_bundle base-glibc /work/facts >out 2>err || { cat out err; fail "facts"; }
expect_contains out ".kontain app Wed Jul  3 11:46:40 2024"
in_bundle base-glibc /work/throws >out 2>err || { cat out err; fail "throws"; }
expect_contains out "thrown 499500"

# A static payload on runenv-base, by the short form.
gcc -static -o facts.elf facts.c
kontain_build -t on-base --payload facts.elf --runenv base >/dev/null
kontain_build verify on-base >verified
expect_contains verified "identical: sha256:"
kontain_build unpack on-base on-base >/dev/null
test -e on-base/rootfs/usr/share/zoneinfo/Europe/Berlin || fail "the payload is not on runenv-base"
echo "base: all passed"
