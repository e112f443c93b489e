module plugin {
  requires words;
  provides words.api.Change with plugin.Backwards;
}
