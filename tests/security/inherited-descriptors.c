// Promise 2. Whoever starts km leaves KVM and a process's memory open: the payload must not find them.

// natively: broke

// inherits: forbidden descriptors
#include "attack.h"

int main(void) {
  for (int number = 3; number < 1024; ++number) {
    char text[256], byte;
    if (is_forbidden_fd(number)) broke("%d is %s", number, name_of_fd(number, &text));
    if (pread(number, &byte, 1, (off_t)target) == 1) broke("%d reads memory", number);
  }
  held();
}
