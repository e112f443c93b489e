#!/bin/bash
# Headers of the kernel, of musl and of the compiler are there together.
. "$(dirname "$0")/common.sh"

cat >a.c <<'END'
#define _GNU_SOURCE
#include <asm/unistd.h>
#include <immintrin.h>
#include <linux/futex.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <net/if.h>
#include <pthread.h>
#include <scsi/sg.h>
#include <sound/asound.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <cpuid.h>
int main(void) { return !(__NR_io_uring_setup == 425 && FUTEX_WAIT == 0 && KVM_API_VERSION == 12); }
END
"$gcc" -Wall -Werror -o program a.c
./program
