import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** Server serve: an HTTP server on a free port. Server CLIENTS REQUESTS: with its own clients, until they are done. */
public class Server {
  static HttpServer listen(ExecutorService pool) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.createContext("/sum", exchange -> {
      int n = Integer.parseInt(exchange.getRequestURI().getQuery().substring(2));
      byte[] answer = (IntStream.rangeClosed(1, n).asLongStream().sum() + "\n").getBytes();
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    server.setExecutor(pool);
    server.start();
    System.out.println("port " + server.getAddress().getPort());
    return server;
  }

  static long ask(HttpClient client, String url, int requests) throws Exception {
    long sum = 0;
    for (int i = 1; i <= requests; i++) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url + i)).build();
      sum += Long.parseLong(client.send(request, BodyHandlers.ofString()).body().trim());
    }
    return sum;
  }

  public static void main(String[] arguments) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(16);
    HttpServer server = listen(pool);
    if (arguments[0].equals("serve")) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("the hook ran")));
      Thread.currentThread().join();
    }
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/sum?n=";
    HttpClient client = HttpClient.newHttpClient();
    ExecutorService clients = Executors.newCachedThreadPool();
    List<Future<Long>> answers = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
      answers.add(clients.submit(() -> ask(client, url, Integer.parseInt(arguments[1]))));
    }
    for (Future<Long> answer : answers) {
      System.out.println(answer.get());
    }
    server.stop(0);
    pool.shutdown();
    clients.shutdown();
    System.out.println("server ended");
    System.exit(0);
  }
}
