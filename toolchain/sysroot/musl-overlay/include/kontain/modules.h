/* Modules that are linked in and still found by dlopen(3): what a static program has instead of files.
 *
 *   KONTAIN_MODULE(codec, "codec.so", {"codec_open", (void *)codec_open}, {"codec_close", (void *)codec_close});
 *
 * makes dlopen("codec.so") and dlopen("/any/folder/codec.so") succeed in a program that is linked statically with this
 * object, and dlsym() on the result find the two names. dlopen(NULL) and RTLD_DEFAULT find every symbol that the
 * static-PIE program exports (-rdynamic) and need no table. In a dynamic program the table is not looked at: there are
 * files. */
#ifndef KONTAIN_MODULES_H
#define KONTAIN_MODULES_H

#ifdef __cplusplus
extern "C" {
#endif

struct kontain_symbol {
  const char* name; /* ends the list when it is a null pointer */
  void* address;
};

struct kontain_module {
  const char* name; /* the file's name without its folder */
  const struct kontain_symbol* symbols;
};

#define KONTAIN_MODULE(id, name, ...)                                                \
  static const struct kontain_symbol kontain_symbols_##id[] = {__VA_ARGS__, {0, 0}}; \
  __attribute__((__section__("kontain_modules"), __used__,                           \
                 __retain__)) static const struct kontain_module kontain_module_##id = {name, kontain_symbols_##id}

#ifdef __cplusplus
}
#endif

#endif
