#include "imagebuild/tar/locale.h"

namespace kontain::image {
namespace {

locale_t utf8() {
  static const locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
  return made;
}

}  // namespace

Utf8Locale::Utf8Locale() : before_(utf8() ? uselocale(utf8()) : locale_t{}) {}

Utf8Locale::~Utf8Locale() {
  if (before_) uselocale(before_);
}

}  // namespace kontain::image
