#!/bin/bash
# kontain-build convert: three Python and three Java applications built on Debian's own interpreters, and the same with the
# runtimes in their place: each does the same before and after under docker with krun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/runenv/lib.sh"
need_runenv
for program in mmdebstrap javac jar gcc jq; do command -v $program >/dev/null || skip "there is no $program"; done
[ -e /usr/include/python3.11/Python.h ] || skip "python3-dev is not installed"
make_workdir
sources=$KONTAIN_SOURCE/tests/runenv/convert
make_runenv python-3.11
make_runenv java-17
start_docker

# base NAME: localhost/NAME, a Debian system with the interpreter.
base() {
  local tar
  tar=$("$KONTAIN_SOURCE/tests/build/base.sh" "$1") || skip "no $1 base can be made by mmdebstrap"
  mkdir "base.$1"
  cp "$tar" "base.$1/root.tar"
  printf 'FROM scratch\nADD root.tar /\nCMD ["/bin/sh"]\n' >"base.$1/Dockerfile"
  kontain_build -t "localhost/$1" "base.$1" >/dev/null
  rm -r "base.$1"
}

layers() { kontain_build inspect "$1" --show raw | jq -r '.layers[].digest'; }
load() {
  kontain_build copy "$1" "docker-archive:$workdir/image.tar:$1" >/dev/null
  docker load -q -i image.tar >/dev/null
  rm image.tar
}

# convert NAME BASE RUNTIME: builds ./NAME, and NAME-on-runtime of it. Its own layers stay, the base's are gone.
convert() {
  local name=$1 own
  kontain_build -t "$name" "$name" >/dev/null
  kontain_build convert "$name" -t "$name-on-runtime" --base "localhost/$2" --runenv "$3" --check >checked ||
    { tail -n 20 checked; fail "$name: --check"; }
  own=$(layers "$name" | grep -vxF "$(layers "localhost/$2")")
  [ -n "$own" ] || fail "$name: no layer of its own"
  expect_equal "$(layers "$name-on-runtime")" "$(layers "runenv-$3" && echo "$own")" "$name: layers"
  expect_equal "$(kontain_build inspect "$name-on-runtime" --show config | jq -r '.config.Labels["app.kontain.replaced.base"]')" \
    "$(kontain_build inspect "localhost/$2" --show raw | sha256sum | sed 's/^/sha256:/; s/ .*//')" "$name: what was replaced"
  load "$name"
  load "$name-on-runtime"
}

# job NAME TEXT: it prints the same before and after, and what it prints has the text in it.
job() {
  local image
  for image in "$1" "$1-on-runtime"; do
    limit=240 docker run --rm --runtime krun "$image" >"$image.out" 2>"$image.err" || { cat "$image.err"; fail "$image: status $?"; }
    expect_contains "$image.out" "$2"
  done
  cmp "$1.out" "$1-on-runtime.out" || fail "$1: not the same before and after"
  echo "ok $1: $(head -n 1 "$1.out")"
}

# service_of NAME PORT TEXT COMMAND...: the same of a service.
service_of() {
  local name=$1 port=$2 text=$3
  shift 3
  answers "$name" "$port" / "$text" "$@"
  answers "$name-on-runtime" $((port + 1)) / "$text" "$@"
  echo "ok $name: $text"
}

base python
mkdir -p python-service/site/greeting python-batch python-tasks
cat >native.c <<'C'
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *args) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", 0, -1, methods};
PyMODINIT_FUNC PyInit_native(void) { return PyModule_Create(&module); }
C
gcc -shared -fPIC -I/usr/include/python3.11 -o python-service/site/native.so native.c
echo 'def text(): return "good day"' >python-service/site/greeting/__init__.py
cp "$sources/service.py" python-service/
cat >python-service/Dockerfile <<'D'
FROM localhost/python
COPY site /usr/local/lib/python3.11/dist-packages/
COPY service.py /app/
ENV GREETING=yes
USER 1000
EXPOSE 8080
CMD ["python3", "/app/service.py"]
D
cp "$sources/batch.py" python-batch/
printf 'FROM localhost/python\nWORKDIR /job\nCOPY batch.py .\nENTRYPOINT ["python3"]\nCMD ["batch.py"]\n' >python-batch/Dockerfile
cp "$sources/tasks.py" python-tasks/
printf 'FROM localhost/python\nCOPY tasks.py /\nCMD ["/usr/bin/python3", "-X", "utf8", "/tasks.py"]\n' >python-tasks/Dockerfile
for name in service batch tasks; do convert python-$name python python-3.11; done
service_of python-service 18084 "good day 42 visit 1 tls True" python3 -c 'import os; print(os.uname().release)'
job python-batch "rows 500"
job python-tasks "CLIENT 0 20 [0, 1, 4, 9]"

base jre
mkdir -p java-service/classes java-batch java-words/modules
javac --release 17 -d java-service/classes "$sources"/java/service/Service.java
echo 'good day' >java-service/greeting
printf 'FROM localhost/jre\nCOPY classes greeting /app/\nUSER 1000\nEXPOSE 8080\nCMD ["java", "-cp", "/app", "Service"]\n' >java-service/Dockerfile
javac --release 17 -d classes.batch "$sources"/java/batch/Batch.java
jar --create --file java-batch/batch.jar --main-class Batch -C classes.batch .
printf 'FROM localhost/jre\nCOPY batch.jar /\nENTRYPOINT ["java", "-jar", "/batch.jar"]\n' >java-batch/Dockerfile
javac --release 17 -d classes.words "$sources"/java/words/module-info.java "$sources"/java/words/words/*.java "$sources"/java/words/words/api/*.java
javac --release 17 -d classes.plugin -p classes.words "$sources"/java/plugin/module-info.java "$sources"/java/plugin/plugin/*.java
jar --create --file java-words/modules/words.jar --main-class words.Main -C classes.words .
jar --create --file java-words/modules/plugin.jar -C classes.plugin .
printf 'FROM localhost/jre\nCOPY modules /modules\nENTRYPOINT ["java", "-p", "/modules", "-m", "words"]\nCMD ["stressed", "drawer"]\n' >java-words/Dockerfile
for name in service batch words; do convert java-$name jre java-17; done
service_of java-service 18086 "good day visit 1 tls Default" java -XshowSettings:properties -version
job java-batch "rows 399"
job java-words "1 plugin of module words"
echo "convert: all passed"
