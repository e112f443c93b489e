package plugin;

import words.api.Change;

public final class Backwards implements Change {
  @Override
  public String change(String word) {
    return new StringBuilder(word).reverse().toString();
  }
}
