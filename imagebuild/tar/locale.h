// libarchive converts names by the thread's locale; ours is always UTF-8, whatever the user's is.
#pragma once

#include <clocale>

namespace kontain::image {

// While it lives, the calling thread's character set is UTF-8.
class Utf8Locale {
 public:
  Utf8Locale();
  ~Utf8Locale();
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t before_;
};

}  // namespace kontain::image
