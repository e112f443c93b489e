import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads that allocate and forget; what is kept must stay whole. */
public class Garbage {
  static long churn(int seed, int rounds) {
    Map<Integer, byte[]> kept = new HashMap<>();
    long sum = 0;
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < 20000; i++) {
        byte[] data = new byte[64 + (i * 31 + seed) % 900];
        data[0] = (byte) i;
        if (i % 10 == 0) {
          kept.put(i, data);
        }
      }
      for (Map.Entry<Integer, byte[]> entry : kept.entrySet()) {
        if (entry.getValue()[0] != (byte) (int) entry.getKey()) {
          throw new IllegalStateException("lost " + entry.getKey());
        }
        sum += entry.getValue().length;
      }
    }
    return sum;
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = Integer.getInteger("rounds", 4);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<Future<Long>> sums = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int seed = i;
      sums.add(pool.submit(() -> churn(seed, rounds)));
    }
    for (Future<Long> sum : sums) {
      System.out.println(sum.get());
    }
    pool.shutdown();
    WeakReference<Object> weak = new WeakReference<>(new Object());
    for (int i = 0; i < 50 && weak.get() != null; i++) {
      System.gc();
    }
    System.out.println("collected: " + (weak.get() == null));
    List<long[]> all = new ArrayList<>();
    try {
      while (true) {
        all.add(new long[1 << 20]);
      }
    } catch (OutOfMemoryError error) {
      boolean many = all.size() > 5;
      all.clear();
      System.out.println("out of memory: " + many);
    }
    System.out.println("garbage ended");
  }
}
