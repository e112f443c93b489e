#!/bin/bash
# runenv-java-17: the language under krun, and a service under docker with krun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/runenv/lib.sh"
need_runenv
command -v javac >/dev/null || skip "there is no javac"
make_workdir
make_runenv java-17

bundle java-17
javac --release 17 -d java-17/rootfs/work "$KONTAIN_SOURCE/tests/runenv/Smoke.java"
in_bundle java-17 java -cp /work Smoke >out 2>err || { tail -n 30 out err; fail "Smoke"; }
expect_contains out "all passed"
cat out
# The class data archive is in use.
in_bundle java-17 java -Xshare:on -Xlog:class+load -cp /work Smoke version >out 2>err || { tail -n 20 out err; fail "-Xshare:on"; }
expect_contains out "shared objects file"

# The launcher: the JDK's own with the note.
grep -qa 'kontain-build runenv' java-17/rootfs/opt/java/bin/java.km || fail "java.km has no note"
in_bundle java-17 java.km -cp /work Smoke version >out 2>err || { tail -n 20 out err; fail "java.km"; }
expect_equal "$(readlink java-17/rootfs/opt/java/bin/java)" java.km "what java is"

mkdir -p service/classes
cat >Service.java <<'END'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

public class Service {
  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      System.out.println(System.getProperty("os.version"));
      return;
    }
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", exchange -> {
      byte[] body = ("java " + Runtime.version().feature() + " on " + System.getProperty("os.version")).getBytes();
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
END
javac --release 17 -d service/classes Service.java
cat >service/Dockerfile <<'END'
FROM runenv-java-17
COPY classes /app/
USER app
EXPOSE 8080
CMD ["java", "-cp", "/app", "Service"]
END
start_docker
service java-service service
answers java-service 18082 / 'java 17 on ' java -cp /app Service version
echo "java: all passed"
