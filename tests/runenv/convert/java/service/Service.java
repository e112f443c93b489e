import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** Counts visits; what it says begins with a file of the image. */
public final class Service {
  public static void main(String[] arguments) throws Exception {
    String greeting = Files.readString(Path.of("/app/greeting")).strip();
    if (arguments.length > 0) {
      System.out.println(greeting);
      return;
    }
    String tls = SSLContext.getDefault().getProtocol();
    AtomicInteger visits = new AtomicInteger();
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", exchange -> {
      String text = greeting + " visit " + visits.incrementAndGet() + " tls " + tls;
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
