#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include "dynlink.h"
#include "static_modules.h"

struct exports {
  const char *base, *strings;
  const Elf64_Sym* symbols;
  const uint32_t *gnu_hash, *hash;
};

static int read_dynamic(struct dl_phdr_info* info, size_t size, void* data) {
  struct exports* e = data;
  const Elf64_Dyn* d = 0;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) d = (const void*)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  e->base = (const char*)info->dlpi_addr;
  for (; d && d->d_tag; d++) {
    const void* p = e->base + d->d_un.d_ptr;
    if (d->d_tag == DT_STRTAB) e->strings = p;
    if (d->d_tag == DT_SYMTAB) e->symbols = p;
    if (d->d_tag == DT_GNU_HASH) e->gnu_hash = p;
    if (d->d_tag == DT_HASH) e->hash = p;
  }
  return 1;
}

static int is_match(const struct exports* e, uint32_t i, const char* name) {
  return e->symbols[i].st_shndx && !strcmp(e->strings + e->symbols[i].st_name, name);
}

static const Elf64_Sym* find_by_gnu_hash(const struct exports* e, const char* name) {
  const uint32_t *h = e->gnu_hash, buckets = h[0], first = h[1];
  const uint32_t *bucket = h + 4 + h[2] * 2, *chain = bucket + buckets;
  uint32_t hash = 5381;
  for (const unsigned char* c = (const void*)name; *c; c++) hash = hash * 33 + *c;
  uint32_t i = buckets ? bucket[hash % buckets] : 0;
  if (i < first) return 0;
  for (;; i++) {
    if ((chain[i - first] | 1) == (hash | 1) && is_match(e, i, name)) return e->symbols + i;
    if (chain[i - first] & 1) return 0;
  }
}

static const Elf64_Sym* find_by_hash(const struct exports* e, const char* name) {
  for (uint32_t i = 1; i < e->hash[1]; i++)
    if (is_match(e, i, name)) return e->symbols + i;
  return 0;
}

static void* find_export(const char* name) {
  struct exports e = {0};
  dl_iterate_phdr(read_dynamic, &e);
  if (!e.symbols || !e.strings) return 0;
  const Elf64_Sym* s = e.gnu_hash ? find_by_gnu_hash(&e, name) : e.hash ? find_by_hash(&e, name) : 0;
  /* A thread-local variable has no one address. */
  return s && (s->st_info & 0xf) != STT_TLS ? (void*)(e.base + s->st_value) : 0;
}

static void* static_dlsym(void* restrict p, const char* restrict s, void* restrict ra) {
  const struct kontain_module* m = static_module(p);
  void* found = 0;
  if (m) {
    for (const struct kontain_symbol* i = m->symbols; i->name && !found; i++)
      if (!strcmp(i->name, s)) found = i->address;
  } else if (p == STATIC_PROGRAM || p == RTLD_DEFAULT) {
    found = find_export(s);
  } else if (p != RTLD_NEXT) {
    __dl_seterr("Invalid library handle %p", p);
    return 0;
  }
  if (!found) __dl_seterr("Symbol not found: %s", s);
  return found;
}

weak_alias(static_dlsym, __dlsym);
