import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;

/** Certificates PEM KEYSTORE: every certificate of a PEM file as a trusted one of a key store without a password. */
public class Certificates {
  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    int number = 0;
    try (FileInputStream in = new FileInputStream(args[0])) {
      for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry(String.format("ca-%04d", number++), certificate);
      }
    }
    if (number < 50) throw new IllegalStateException("only " + number + " certificates");
    java.nio.file.Files.deleteIfExists(java.nio.file.Path.of(args[1]));
    try (FileOutputStream out = new FileOutputStream(args[1])) {
      store.store(out, null);
    }
  }
}
