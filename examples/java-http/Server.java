import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** An HTTP service of the JDK's own classes: GET /stop ends it. */
public class Server {
  public static void main(String[] arguments) throws Exception {
    AtomicInteger visitors = new AtomicInteger();
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.setExecutor(Executors.newFixedThreadPool(2));
    server.createContext("/", exchange -> {
      byte[] body = ("hello from Java, visitor " + visitors.incrementAndGet() + "\n").getBytes();
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
      if (exchange.getRequestURI().getPath().equals("/stop")) System.exit(0);
    });
    server.start();
  }
}
