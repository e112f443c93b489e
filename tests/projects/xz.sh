# XZ Utils: `make check`.
# shellcheck shell=bash disable=SC2034,SC2154
package=xz-utils version=5.4.1-1+deb12u1 title="XZ Utils"
build() { ./configure --disable-shared --disable-nls --disable-doc && make -j"$jobs"; }
check() { make check; }
