import com.google.gson.Gson;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Answers with what it knows about itself, as JSON. */
public final class Service {
  private static final class Facts {
    final int feature = Runtime.version().feature();
    final String kernel = System.getProperty("os.version");
    final long memory = Runtime.getRuntime().maxMemory();
  }

  public static void main(String[] arguments) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.createContext("/", exchange -> {
      byte[] body = new Gson().toJson(new Facts()).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
