module words {
  exports words.api;
  uses words.api.Change;
}
