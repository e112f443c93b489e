import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.concurrent.Executors;

/** Counts visits in the database that its first argument names, and answers each with the count. */
public final class Service {
  public static void main(String[] arguments) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/visit", exchange -> {
      byte[] answer;
      int status = 200;
      try {
        answer = ("visit " + count(arguments[0]) + "\n").getBytes();
      } catch (Exception error) {
        answer = (error + "\n").getBytes();
        status = 500;
      }
      exchange.sendResponseHeaders(status, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    server.start();
    System.out.println("ready");
  }

  private static int count(String database) throws Exception {
    try (Connection connection = DriverManager.getConnection(database, "postgres", "");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("update visits set n = n + 1 returning n")) {
      row.next();
      return row.getInt(1);
    }
  }
}
