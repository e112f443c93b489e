import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** A job: numbers in parallel, packed and unpacked, and the digest of everything. */
public final class Batch {
  public static void main(String[] arguments) throws Exception {
    List<String> rows = IntStream.range(1, 400).parallel()
        .mapToObj(n -> n + "," + BigInteger.TWO.pow(n).mod(BigInteger.valueOf(1_000_003))).collect(Collectors.toList());
    byte[] text = String.join("\n", rows).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(text);
    }
    byte[] again = new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray())).readAllBytes();
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(again);
    System.out.println("rows " + rows.size() + " " + HexFormat.of().formatHex(digest));
  }
}
