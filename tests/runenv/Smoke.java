import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.Signature;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** What programs expect of a Java that is whole. Ends with "all passed". */
public class Smoke {
  interface Check {
    boolean run() throws Exception;
  }

  static int failed = 0;

  static void check(String name, Check check) {
    boolean good;
    try {
      good = check.run();
    } catch (Throwable thrown) {
      thrown.printStackTrace();
      good = false;
    }
    System.out.println((good ? "ok " : "not ok ") + name);
    if (!good) failed++;
  }

  static boolean sockets() throws Exception {
    try (ServerSocket server = new ServerSocket(0)) {
      Thread echo = new Thread(() -> {
        try (Socket peer = server.accept()) {
          peer.getOutputStream().write(peer.getInputStream().read() + 1);
        } catch (Exception thrown) {
          thrown.printStackTrace();
        }
      });
      echo.start();
      try (Socket client = new Socket("127.0.0.1", server.getLocalPort())) {
        client.getOutputStream().write(41);
        return client.getInputStream().read() == 42;
      } finally {
        echo.join();
      }
    }
  }

  static boolean threads() throws Exception {
    Map<Integer, Integer> squares = new ConcurrentHashMap<>();
    var pool = Executors.newFixedThreadPool(16);
    for (int i = 0; i < 1000; i++) {
      int number = i;
      pool.submit(() -> squares.put(number, number * number));
    }
    pool.shutdown();
    return pool.awaitTermination(60, TimeUnit.SECONDS) && squares.size() == 1000 && squares.get(31) == 961;
  }

  static boolean compression() throws Exception {
    byte[] data = new byte[200_000];
    new java.util.Random(1).nextBytes(data);
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(data);
    }
    return java.util.Arrays.equals(data, new GZIPInputStream(new ByteArrayInputStream(out.toByteArray())).readAllBytes());
  }

  static boolean files() throws Exception {
    Path folder = Files.createTempDirectory("smoke");
    Path file = Files.writeString(folder.resolve("f"), "text");
    try (var mapped = java.nio.channels.FileChannel.open(file)) {
      var buffer = mapped.map(java.nio.channels.FileChannel.MapMode.READ_ONLY, 0, 4);
      return buffer.get(3) == 't' && Files.size(file) == 4;
    }
  }

  static boolean certificates() throws Exception {
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    var manager = (X509TrustManager) factory.getTrustManagers()[0];
    return manager.getAcceptedIssuers().length > 50 && SSLContext.getDefault().createSSLEngine().getSupportedProtocols().length > 1;
  }

  static boolean signatures() throws Exception {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    var pair = generator.generateKeyPair();
    var signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(pair.getPrivate());
    signer.update(new byte[10]);
    byte[] signature = signer.sign();
    signer.initVerify(pair.getPublic());
    signer.update(new byte[10]);
    return signer.verify(signature);
  }

  static boolean collector() {
    long total = 0;
    for (int i = 0; i < 200; i++) total += new byte[4 << 20].length;
    System.gc();
    return total == 200L * (4 << 20);
  }

  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      System.out.println(Runtime.version());
      return;
    }
    check("version", () -> Runtime.version().feature() == 17);
    check("runs under km", () -> System.getProperty("os.version").endsWith(".kontain"));
    check("threads", Smoke::threads);
    check("fork and join", () -> ForkJoinPool.commonPool().submit(() -> IntStream.range(0, 1_000_000).parallel().asLongStream().sum()).get() == 499999500000L);
    check("sockets", Smoke::sockets);
    check("files", Smoke::files);
    check("compression", Smoke::compression);
    check("digests", () -> HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest()).startsWith("e3b0c442"));
    check("signatures", Smoke::signatures);
    check("certificates", Smoke::certificates);
    check("time zones", () -> ZonedDateTime.of(2026, 7, 1, 12, 0, 0, 0, ZoneId.of("Europe/Berlin")).getOffset().getTotalSeconds() == 7200);
    check("garbage collection", Smoke::collector);
    check("exceptions", () -> {
      try {
        ((Object) null).hashCode();
        return false;
      } catch (NullPointerException expected) {
        return true;
      }
    });
    check("deep recursion", () -> {
      try {
        recurse(0);
        return false;
      } catch (StackOverflowError expected) {
        return true;
      }
    });
    check("processes", () -> new ProcessBuilder("/opt/java/bin/java", "-version").start().waitFor() == 0);
    System.out.println(failed == 0 ? "all passed" : "FAILED");
    System.exit(failed == 0 ? 0 : 1);
  }

  static int recurse(int depth) {
    return recurse(depth + 1) + 1;
  }
}
