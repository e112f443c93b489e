#include "km/mem/vma_tree.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>

using namespace kontain::mem;

namespace {

Vma anonymous(uint64_t start, uint64_t end, int protection = PROT_READ | PROT_WRITE) {
  Vma vma;
  vma.start = start;
  vma.end = end;
  vma.protection = protection;
  vma.file_end = end;
  vma.anonymous = true;
  return vma;
}

}  // namespace

TEST_CASE("vma_tree: equal private anonymous neighbours merge, others do not") {
  VmaTree tree;
  tree.insert(anonymous(0x10000, 0x20000));
  tree.insert(anonymous(0x20000, 0x30000));
  CHECK(tree.size() == 1);
  tree.insert(anonymous(0x30000, 0x40000, PROT_READ));
  CHECK(tree.size() == 2);
  Vma file = anonymous(0x40000, 0x50000, PROT_READ);
  file.anonymous = false;
  tree.insert(file);
  CHECK(tree.size() == 3);
  CHECK(tree.covers(0x10000, 0x50000));
  CHECK_FALSE(tree.covers(0x10000, 0x50001));
}

TEST_CASE("vma_tree: erase splits at the borders") {
  VmaTree tree;
  tree.insert(anonymous(0x10000, 0x50000));
  tree.erase(0x20000, 0x30000);
  CHECK(tree.find(0x1ffff)->end == 0x20000);
  CHECK(tree.find(0x20000) == nullptr);
  CHECK(tree.find(0x30000)->start == 0x30000);
  CHECK_FALSE(tree.any(0x20000, 0x30000));
  CHECK(tree.any(0x2ffff, 0x30001));
}

TEST_CASE("vma_tree: update changes parts and merges them back") {
  VmaTree tree;
  tree.insert(anonymous(0x10000, 0x50000));
  tree.update(0x20000, 0x30000, [](Vma& part) {
    part.protection = PROT_READ;
    return true;
  });
  CHECK(tree.size() == 3);
  CHECK(tree.find(0x20000)->protection == PROT_READ);
  tree.update(0x20000, 0x30000, [](Vma& part) {
    part.protection = PROT_READ | PROT_WRITE;
    return true;
  });
  CHECK(tree.size() == 1);
}

TEST_CASE("vma_tree: free space is found from the top and from the bottom") {
  VmaTree tree;
  CHECK(tree.find_free_below(0x100000, 0x10000, 0x4000, 0x1000) == 0xfc000);
  tree.insert(anonymous(0xf0000, 0x100000));
  CHECK(tree.find_free_below(0x100000, 0x10000, 0x4000, 0x1000) == 0xec000);
  CHECK(tree.find_free_below(0x100000, 0x10000, 0x4000, 0x10000) == 0xe0000);
  CHECK(tree.find_free_below(0x100000, 0xe8000, 0x9000, 0x1000) == 0);
  CHECK(tree.find_free_above(0x10000, 0x100000, 0x4000, 0x1000) == 0x10000);
  tree.insert(anonymous(0x11000, 0x20000));
  CHECK(tree.find_free_above(0x10000, 0x100000, 0x4000, 0x1000) == 0x20000);
  CHECK(tree.find_free_above(0x10000, 0x100000, 0x200000, 0x1000) == 0);
}

TEST_CASE("vma_tree: parts of one file merge again, other files and other places in it do not") {
  VmaTree tree;
  Vma file = anonymous(0x10000, 0x50000, PROT_READ);
  file.anonymous = false;
  file.device = 1;
  file.inode = 2;
  file.offset = 0x1000;
  tree.insert(file);
  const auto set = [](int protection) {
    return [protection](Vma& part) {
      part.protection = protection;
      return true;
    };
  };
  tree.update(0x20000, 0x30000, set(PROT_NONE));
  REQUIRE(tree.size() == 3);
  CHECK(tree.find(0x20000)->offset == 0x11000);
  CHECK(tree.find(0x30000)->offset == 0x21000);
  tree.update(0x20000, 0x30000, set(PROT_READ));
  CHECK(tree.size() == 1);

  Vma next = file;
  next.start = 0x50000;
  next.end = next.file_end = 0x60000;
  next.offset = 0x42000;
  tree.insert(next);
  CHECK(tree.size() == 2);
  tree.erase(0x50000, 0x60000);
  next.offset = 0x41000;
  next.inode = 3;
  tree.insert(next);
  CHECK(tree.size() == 2);
  tree.erase(0x50000, 0x60000);
  next.inode = 2;
  tree.insert(next);
  CHECK(tree.size() == 1);
}

TEST_CASE("vma_tree: a file that ends inside the left part stays ended after a merge") {
  VmaTree tree;
  Vma left = anonymous(0x10000, 0x20000, PROT_READ);
  left.anonymous = false;
  left.file_end = 0x18000;
  Vma right = left;
  right.start = 0x20000;
  right.end = right.file_end = 0x30000;
  right.offset = 0x10000;
  tree.insert(left);
  tree.insert(right);
  REQUIRE(tree.size() == 1);
  CHECK(tree.find(0x10000)->accessible_end() == 0x18000);
}
