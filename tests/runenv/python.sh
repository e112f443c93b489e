#!/bin/bash
# runenv-python-3.11: the language under krun, and a service under docker with krun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/runenv/lib.sh"
need_runenv
make_workdir
make_runenv python-3.11
digest=$(grep -o 'runenv-python-3.11:[0-9a-f]*' built)
expect_contains <(kontain_build ls) "runenv-python-3.11"
expect_contains <(kontain_build inspect --show config "$digest") '"app.kontain.runenv": "python-3.11"'

bundle python-3.11
cp "$KONTAIN_SOURCE/tests/runenv/smoke.py" python-3.11/rootfs/work/
# An extension with native code, as a wheel has it.
if [ -e /usr/include/python3.11/Python.h ]; then
  cat >native.c <<'END'
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *args) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", 0, -1, methods};
PyMODINIT_FUNC PyInit_native(void) { return PyModule_Create(&module); }
END
  gcc -shared -fPIC -I/usr/include/python3.11 -o python-3.11/rootfs/work/native.so native.c
fi
in_bundle python-3.11 python3 /work/smoke.py >out 2>err || { tail -n 30 out err; fail "smoke.py"; }
expect_contains out "all passed"
cat out

# The launcher: the interpreter with the note, by whatever name it is called.
grep -qa 'kontain-build runenv' python-3.11/rootfs/usr/bin/python.km || fail "python.km has no note"
in_bundle python-3.11 python.km -c 'import ssl, sys; print(sys.prefix, sys.version_info[:2])' >out 2>err || { cat err; fail "python.km"; }
expect_contains out "/usr (3, 11)"
expect_equal "$(readlink -f python-3.11/rootfs/usr/bin/python3)" "$(realpath python-3.11/rootfs/usr/bin/python.km)" "what python3 is"

python_service python-3.11
start_docker
service python-service service
answers python-service 18081 / '"python": "3.11' python3 -c 'import os; print(os.uname().release)'

# The lines of the document, in an empty folder with an application in it; the port is the node's.
mkdir document
cp service/app.py document/
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/docs/runenv.md" tests/runenv/python.sh >lines.sh
(
  kontain-build() { kontain_build "$@"; }
  curl() { nsenter --net="$node/netns" curl "$@"; }
  cd document
  . ../lines.sh
) >out
expect_contains out '"python": "3.11'
docker rm -f service >/dev/null
echo "python: all passed"
