package words;

import java.util.ServiceLoader;
import java.util.stream.Stream;
import words.api.Change;

/** Words, changed by every plugin on the module path. */
public final class Main {
  public static void main(String[] arguments) {
    int plugins = 0;
    for (Change change : ServiceLoader.load(Change.class)) {
      Stream.of(arguments).map(change::change).forEach(System.out::println);
      ++plugins;
    }
    System.out.println(plugins + " plugin of module " + Main.class.getModule().getName());
  }
}
