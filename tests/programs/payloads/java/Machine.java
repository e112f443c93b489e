import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RecursiveTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** What the virtual machine does with memory, signals, threads and processes. */
public class Machine {
  static int depth;

  static void recurse() {
    depth++;
    recurse();
  }

  static int length(String text) {
    return text.length();
  }

  static void faults() {
    try {
      recurse();
    } catch (StackOverflowError error) {
      System.out.println("stack overflow after many calls: " + (depth > 1000));
    }
    int caught = 0;
    for (int i = 0; i < 30000; i++) { // compiled in the end: the check is then a SIGSEGV
      try {
        caught += length(i % 1000 == 0 ? null : "text") == 4 ? 0 : 1;
      } catch (NullPointerException error) {
        caught++;
      }
    }
    System.out.println("null pointers: " + caught);
    int[] divisors = {1, 0};
    try {
      System.out.println(7 / divisors[1]);
    } catch (ArithmeticException error) {
      System.out.println(error.getMessage());
    }
  }

  static class Sum extends RecursiveTask<Long> {
    final int from;
    final int to;

    Sum(int from, int to) {
      this.from = from;
      this.to = to;
    }

    @Override
    protected Long compute() {
      if (to - from < 1000) {
        return IntStream.range(from, to).asLongStream().sum();
      }
      Sum left = new Sum(from, (from + to) / 2);
      Sum right = new Sum((from + to) / 2, to);
      left.fork();
      return right.compute() + left.join();
    }
  }

  static void threads() throws Exception {
    System.out.println("fork and join: " + new ForkJoinPool(4).invoke(new Sum(0, 300000)));
    System.out.println("parallel: " + IntStream.range(0, 300000).parallel().filter(n -> n % 7 == 0).count());
    AtomicLong counter = new AtomicLong();
    ConcurrentHashMap<Integer, Integer> map = new ConcurrentHashMap<>();
    Object monitor = new Object();
    int[] plain = {0};
    List<Thread> threads = new ArrayList<>();
    CountDownLatch start = new CountDownLatch(1);
    for (int n = 0; n < 16; n++) {
      Thread thread = new Thread(() -> {
        try {
          start.await();
        } catch (InterruptedException error) {
          return;
        }
        for (int i = 0; i < 500; i++) {
          counter.incrementAndGet();
          map.merge(i % 10, 1, Integer::sum);
          synchronized (monitor) {
            plain[0]++;
          }
        }
      });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println(counter + " " + plain[0] + " " + map);
    Thread sleeper = new Thread(() -> {
      try {
        Thread.sleep(60000);
      } catch (InterruptedException error) {
        System.out.println("interrupted");
      }
    });
    sleeper.start();
    sleeper.interrupt();
    sleeper.join();
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    synchronized (monitor) {
      monitor.wait(20);
    }
    for (int i = 0; i < 200; i++) {
      Thread thread = new Thread(counter::decrementAndGet);
      thread.start();
      thread.join();
    }
    System.out.println(counter);
  }

  static void files() throws Exception {
    Path path = Path.of("mapped");
    try (FileChannel channel = new RandomAccessFile("mapped", "rw").getChannel()) {
      MappedByteBuffer buffer = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
      for (int i = 0; i < 1 << 18; i++) {
        buffer.putInt(i * 4, i);
      }
      buffer.force();
      channel.lock().release();
    }
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path));
    System.out.println(HexFormat.of().formatHex(hash));
    ByteBuffer direct = ByteBuffer.allocateDirect(8 << 20);
    System.out.println(direct.putLong(0, 42).getLong(0));
    try {
      Files.readString(Path.of("/no/such/file"));
    } catch (IOException error) {
      System.out.println(error);
    }
  }

  static void processes() throws Exception {
    Process process = new ProcessBuilder("sh", "-c", "read line; echo \"got $line\"; exit 3").start();
    process.getOutputStream().write("a line\n".getBytes());
    process.getOutputStream().close();
    BufferedReader reader = process.inputReader();
    System.out.println(reader.readLine() + " " + process.waitFor());
    Process sleeper = new ProcessBuilder("sleep", "60").start();
    sleeper.destroy();
    System.out.println("destroyed: " + sleeper.waitFor());
    try {
      new ProcessBuilder("/no/such/program").start();
    } catch (IOException error) {
      System.out.println(error.getMessage());
    }
  }

  public static void main(String[] arguments) throws Exception {
    faults();
    threads();
    files();
    processes();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("machine ended")));
  }
}
