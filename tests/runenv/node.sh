#!/bin/bash
# runenv-node-20: the language under krun, and a service under docker with krun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/runenv/lib.sh"
need_runenv
command -v npm >/dev/null || skip "there is no npm"
make_workdir
make_runenv node-20

bundle node-20
cp "$KONTAIN_SOURCE/tests/runenv/smoke.mjs" node-20/rootfs/work/
in_bundle node-20 node /work/smoke.mjs >out 2>err || { tail -n 30 out err; fail "smoke.mjs"; }
expect_contains out "all passed"
cat out

mkdir service
cat >service/server.js <<'END'
const http = require("http"), os = require("os");
http.createServer((request, response) => response.end(`node ${process.versions.node} on ${os.release()}`)).listen(8080);
process.on("SIGTERM", () => process.exit(0));
END
cat >service/Dockerfile <<'END'
FROM runenv-node-20
COPY server.js /app/
USER app
EXPOSE 8080
CMD ["node", "/app/server.js"]
END
start_docker
service node-service service
answers node-service 18083 / 'node 20.' node -p 'os.release()'
echo "node: all passed"
