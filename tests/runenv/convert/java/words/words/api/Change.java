package words.api;

/** What a plugin does to a word. */
public interface Change {
  String change(String word);
}
