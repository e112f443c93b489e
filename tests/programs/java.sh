# OpenJDK 17 from Debian: javac and java in VMs; each collector under memory pressure, a threaded HTTP server under load,
# and in the long form jshell and more load.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
jdk=/usr/lib/jvm/java-17-openjdk-amd64
[ -x "$jdk/bin/javac" ] || fail "openjdk-17-jdk-headless is not installed"
unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS CLASSPATH
limit=300
java=("$jdk/bin/java" -Xmx256m -XX:-UsePerfData)
java() { "${run[@]}" "${java[@]}" "$@" 2>&1; }

compile_and_run() {
  "${run[@]}" "$jdk/bin/javac" -d classes "$payloads"/java/*.java
  find classes -type f | sort
  java -cp classes Machine
  java -XX:+PrintFlagsFinal -version | grep -oE '(bool|size_t) +UseCompressed[A-Za-z]* += +(true|false)'
  java -cp classes Server 8 40 | grep -v '^port'
  java -cp classes NoSuchClass | head -n 1 || true
}
both_ways compile_and_run
expect_contains native.out "machine ended"
expect_contains native.out "server ended"
mv native/classes classes

collect() { java "$@" -cp ../classes Garbage; }
for collector in UseSerialGC UseParallelGC UseG1GC; do
  both_ways collect "-XX:+$collector"
  expect_contains native.out "garbage ended"
done

# Ended by a signal from outside: shutdown hooks run.
stopped() {
  "${run[@]}" "${java[@]}" -cp ../classes Server serve >log &
  local server=$! port
  port=$(port_of log)
  curl -sS "http://127.0.0.1:$port/sum?n=1000"
  ab -q -n "${requests:-200}" -c 8 "http://127.0.0.1:$port/sum?n=10" | grep -E '^(Complete|Failed|Non-2xx)'
  kill -TERM "$server"
  expect_exit "$server" 143 "the server"
  grep -v '^port' log
}
both_ways stopped
expect_contains native.out "the hook ran"

if [ "${1:-}" = full ]; then
  limit=900 requests=4000
  both_ways stopped
  # The first start makes a folder for its settings, and says when.
  shell() {
    "${run[@]}" "$jdk/bin/jshell" -J-Djava.util.prefs.userRoot="$PWD" -J-Xmx128m -R-Xmx128m -s - 2>&1 \
      <"$payloads/java/session.jsh" | sed '/FileSystemPreferences/d; /^INFO: Created user preferences/d'
  }
  both_ways shell
  expect_contains native.out "42"
  for collector in UseSerialGC UseParallelGC UseG1GC UseZGC UseShenandoahGC; do
    both_ways collect "-XX:+$collector" -Drounds=20
  done
  both_ways collect -XX:-UseCompressedOops
  both_ways collect -Xint -Drounds=1
  both_ways collect -XX:+UseTransparentHugePages -XX:+AlwaysPreTouch
fi
