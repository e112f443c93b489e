#!/bin/bash
# A web server, a database and a Java service in three containers on a bridge network talk to each other, under runc and
# under krun: nginx passes requests on to a Java service, which counts them in PostgreSQL.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in dockerd docker runc mmdebstrap javac ab curl; do command -v $program >/dev/null || skip "there is no $program"; done
export EVERYDAY_IMAGE=${EVERYDAY_IMAGE:-$("$KONTAIN_SOURCE/tests/engines/everyday_image.sh")}
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/dockerd.sh"
here=$KONTAIN_SOURCE/tests/engines/services

start_dockerd
docker import - debian <"$EVERYDAY_IMAGE" >/dev/null
mkdir context
javac -d context "$here/Service.java"
cp "$here/nginx.conf" context/
cat >context/Dockerfile <<'D'
FROM debian
COPY *.class /opt/service/
COPY nginx.conf /etc/nginx/nginx.conf
RUN mkdir -p /srv /var/lib/pg && echo 'a page' >/srv/index.html && chown postgres:postgres /var/lib/pg
D
DOCKER_BUILDKIT=0 docker build -q -t services context >/dev/null

member() { docker run -d --runtime="$runtime" --network "net-$runtime" --name "$1" --network-alias "$1" "${@:2}" >/dev/null; }
bin=/usr/lib/postgresql/15/bin
psql() { docker exec -u postgres database psql -h /tmp "$@"; }
database_starts() {
  member database -u postgres services sh -c "$bin/initdb -D /var/lib/pg/d -A trust >/dev/null && echo 'host all all all trust' >>/var/lib/pg/d/pg_hba.conf &&
    exec $bin/postgres -D /var/lib/pg/d -k /tmp -c listen_addresses='*'"
  for _ in $(seq 60); do
    psql -c "select 1" && break
    [ "$(inspect database '{{.State.Running}}')" = true ] || { docker logs database; return 1; }
    sleep 1
  done
  psql -c 'create table visits (n int); insert into visits values (0)'
}
java_starts() {
  member java services java -cp /opt/service:/usr/share/java/postgresql.jar Service jdbc:postgresql://database/postgres
  for _ in $(seq 60); do says ready docker logs java && return; sleep 1; done
  return 1
}
web_starts() { member web -p 18088:80 services nginx; in_time says 'a page' curl -sf http://127.0.0.1:18088/; }
visit() { says 'visit 1' curl -sS http://127.0.0.1:18088/visit; says 'visit 2' curl -sS http://127.0.0.1:18088/visit; }
visit_from_inside() { says 'visit 3' docker run --rm --runtime="$runtime" --network "net-$runtime" services curl -sS http://web/visit; }
# ab ends with 0 whatever it was answered: its report says how many were not as they should be.
load() {
  timeout 900 ab -l -q -n 600 -c 8 http://127.0.0.1:18088/visit >ab
  grep 'Complete requests: *600' ab
  grep 'Failed requests: *0' ab
  ! grep 'Non-2xx' ab
  says 603 psql -tc 'select n from visits'
}
pages() { timeout 120 ab -q -n 2000 -c 16 http://127.0.0.1:18088/ >ab; grep 'Complete requests: *2000' ab; grep 'Failed requests: *0' ab; }
database_ends() {
  docker stop -t 20 database
  says 0 inspect database '{{.State.ExitCode}}'
  docker rm database
  says 500 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:18088/visit
}
all_are_km() {
  [ "$runtime" = krun ] || return 0
  local name
  for name in database java web; do everything_is_km "$(inspect $name '{{.State.Pid}}')" 1; done
}
stops() { docker stop -t 20 web java; says 0 inspect web '{{.State.ExitCode}}'; says 143 inspect java '{{.State.ExitCode}}'; }
tidy() { :; }
all_checks() {
  docker network create "net-$runtime" >/dev/null
  check "the database starts" database_starts
  check "the Java service starts" java_starts
  check "the web server starts" web_starts
  check "a visit goes through all three" visit
  check "from a fourth container" visit_from_inside
  check "600 visits, 8 at once" load
  check "2000 pages, 16 at once" pages
  check "each process is a km" all_are_km
  check "the database ends in order" database_ends
  check "the others too" stops
  docker ps -aq | xargs /usr/bin/docker rm -f >/dev/null
}
with_runtimes "${RUNTIMES:-runc krun}" all_checks
[ "$(grep -c '^not ok' results.krun)" = 0 ] || fail "not everything passes with krun"
