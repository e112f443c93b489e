#!/bin/sh
# Installs the Kontain SDK, from the unpacked release that this file lies in, from a release's tar.gz, or from a URL of
# one; upgrades, downgrades, repairs what an interrupted run left, and removes all of it again. `install.sh --help`.
#
# Layout: PREFIX/releases/VERSION holds one release, PREFIX/current names it, and PREFIX/bin, lib, share and examples
# lead through PREFIX/current, so that one rename(2) switches. Whatever is made outside PREFIX/releases is written to
# PREFIX/install.record first; --uninstall reads it.
set -eu

me=install.sh
prefix=
source=
action=install
engines=
key=
links=yes
smoke=yes
dry_run=no
purge=no
checked=no
unpacked=
require_signature=no
tree_names="bin lib share examples install.sh"
own_names="releases current $tree_names"
linked_programs="km krun kontain kontain-build kontain-gcc kontain-g++ kontain-ld"

usage() {
  cat <<'END'
usage: install.sh [OPTION...] [RELEASE]

RELEASE is a kontain-VERSION-x86_64.tar.gz or the URL of one; without it, the release that install.sh lies in.

  --prefix DIR          where to (default: /opt/kontain for root, ~/.local/kontain for others)
  --with-docker         make krun known to Docker (also --with-podman, --with-containerd); these need root and python3
  --key FILE            the OpenPGP key ring that the release has to be signed with
  --require-signature   no release without a valid signature
  --no-links            no links to the programs in /usr/local/bin or ~/.local/bin
  --no-smoke-test       do not compile and run a program at the end
  --dry-run             say what would be done, and do nothing
  --uninstall           remove everything that was installed at the prefix
  --purge               with --uninstall: also images, logs and settings that were made since
  --help                this text
END
}

say() { printf '%s: %s\n' "$me" "$*"; }
warn() { printf '%s: warning: %s\n' "$me" "$*" >&2; }
die() {
  printf '%s: %s\n' "$me" "$*" >&2
  exit 1
}
is_root() { [ "$(id -u)" -eq 0 ]; }
have() { command -v "$1" >/dev/null 2>&1; }

# run COMMAND...: or only say so.
run() {
  if [ "$dry_run" = yes ]; then
    echo "would run: $*"
  else
    "$@"
  fi
}

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix | --key)
        [ $# -ge 2 ] || die "$1: needs a value"
        if [ "$1" = --prefix ]; then prefix=$2; else key=$2; fi
        shift
        ;;
      --prefix=*) prefix=${1#*=} ;;
      --key=*) key=${1#*=} ;;
      --with-docker | --with-podman | --with-containerd) engines="$engines ${1#--with-}" ;;
      --require-signature) require_signature=yes ;;
      --no-links) links=no ;;
      --no-smoke-test) smoke=no ;;
      --dry-run) dry_run=yes ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
      --help | -h) usage; exit 0 ;;
      -*) die "$1: no such option (--help lists them)" ;;
      *)
        [ -z "$source" ] || die "$1: one release is enough"
        source=$1
        ;;
    esac
    shift
  done
  [ "$purge" = no ] || [ "$action" = uninstall ] || die "--purge: only with --uninstall"
  engines=${engines# }
  [ -z "$engines" ] || is_root || die "--with-${engines%% *}: the engines' files are root's"
}

choose_places() {
  if is_root; then
    : "${prefix:=/opt/kontain}"
    link_folder=/usr/local/bin
  else
    : "${HOME:?is not set: say --prefix}"
    : "${prefix:=$HOME/.local/kontain}"
    link_folder=$HOME/.local/bin
  fi
  case $prefix in
    /*) ;;
    *) prefix=$(pwd)/$prefix ;;
  esac
  case "$prefix/" in
    *//* | */./* | */../* | /) die "--prefix: $prefix: write it without . and .. and doubled slashes" ;;
    *[!A-Za-z0-9_./+@%-]*) die "--prefix: $prefix: letters, digits and _./+@%- only" ;;
  esac
  record=$prefix/install.record
}

# --- what this machine is ---------------------------------------------------------------------------------------------

check_machine() {
  machine=$(uname -m)
  [ "$machine" = x86_64 ] || die "processor: $machine: Kontain runs on x86-64 only"
  kernel=$(uname -r)
  major=${kernel%%.*}
  minor=${kernel#*.}
  minor=${minor%%[!0-9]*}
  if [ "$major" -lt 5 ] || { [ "$major" -eq 5 ] && [ "$minor" -lt 10 ]; }; then
    die "kernel: $kernel: Linux 5.10 or newer is needed"
  fi
  for tool in tar gzip sha256sum; do have "$tool" || die "$tool: is not installed"; done
}

# Not a reason to stop: one can compile here, and run elsewhere.
check_kvm() {
  if [ ! -c /dev/kvm ]; then
    warn "there is no /dev/kvm: nothing can run here. Load kvm_intel, kvm_amd or kvm_pvm; a virtual machine needs nested virtualisation or a kernel with kvm_pvm"
    return 1
  fi
  if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
    warn "/dev/kvm: no permission. As root: usermod -aG $(stat -c %G /dev/kvm) $(id -un), then log in again"
    return 1
  fi
}

# --- getting and checking a release -------------------------------------------------------------------------------------

download() {
  if have curl; then
    curl --fail --silent --show-error --location --proto '=https,http' -o "$2" "$1"
  elif have wget; then
    wget -q -O "$2" "$1"
  else
    die "neither curl nor wget is installed: download the release and name the file"
  fi
}

# fetch URL: the file, its checksum and, where there is one, its signature, into $scratch.
fetch() {
  name=${1##*/}
  say "downloading $1"
  download "$1" "$scratch/$name" || die "$1: cannot be downloaded"
  download "$1.sha256" "$scratch/$name.sha256" || die "$1.sha256: cannot be downloaded"
  download "$1.asc" "$scratch/$name.asc" 2>/dev/null || rm -f "$scratch/$name.asc"
  source=$scratch/$name
}

# The key: the one named, else the one the release before was checked with, else the one beside this file.
find_key() {
  for candidate in "$key" "$prefix/current/share/kontain/release-key.gpg" "$here/share/kontain/release-key.gpg"; do
    [ -n "$candidate" ] && [ -f "$candidate" ] && echo "$candidate" && return
  done
  [ -z "$key" ] || die "--key: $key: there is no such file"
}

unsigned() {
  [ "$require_signature" = no ] || die "$source: $1, and --require-signature was given"
  warn "$source: $1: only its checksum was compared"
}

check_signature() {
  ring=$(find_key) || exit 1
  if [ ! -f "$source.asc" ]; then
    unsigned "there is no signature ($(basename "$source").asc)"
  elif [ -z "$ring" ]; then
    unsigned "there is no key to check the signature with (--key)"
  elif ! have gpgv; then
    unsigned "gpgv is not installed"
  elif gpgv --keyring "$ring" "$source.asc" "$source" >"$scratch/gpgv.log" 2>&1; then
    say "signature: good"
  else
    sed 's/^/  /' "$scratch/gpgv.log" >&2
    die "$source: the signature is wrong: nothing was installed"
  fi
}

# Sets $checked: each byte of the archive has been compared, so that its files need not be.
check_archive() {
  [ -f "$source" ] || die "$source: there is no such file"
  if [ -f "$source.sha256" ]; then
    wanted=$(cut -d' ' -f1 <"$source.sha256")
    is=$(sha256sum <"$source" | cut -d' ' -f1)
    [ "$wanted" = "$is" ] || die "$source: the checksum is wrong ($is instead of $wanted): nothing was installed"
    say "checksum: good"
    checked=yes
  else
    warn "$source: there is no checksum beside it ($(basename "$source").sha256)"
  fi
  check_signature
}

# Sets $tree to the folder of the release, in the file system of the prefix, where one rename is enough to install it.
unpack_archive() {
  folder=$prefix
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  unpacked=$(unpacked_in "$folder")
  if [ "$dry_run" = yes ]; then unpacked=$scratch/tree; fi
  rm -rf "$unpacked"
  mkdir "$unpacked" 2>/dev/null || die "$folder: cannot be written"
  tar -xozf "$source" -C "$unpacked" || die "$source: cannot be unpacked"
  for tree in "$unpacked"/kontain-*; do :; done
  [ -f "$tree/VERSION" ] || die "$source: is no release of Kontain"
}

# is_whole TREE: its files are those that its list names.
is_whole() { (cd "$1" && sha256sum -c SHA256SUMS) >"$scratch/sums.log" 2>&1; }

find_release() {
  case $source in
    "")
      tree=$here
      [ -f "$tree/VERSION" ] || die "no release: name a kontain-VERSION-x86_64.tar.gz, or run the install.sh in one"
      [ "$require_signature" = no ] || die "--require-signature: an unpacked release has none: name its tar.gz"
      ;;
    http://* | https://*)
      fetch "$source"
      check_archive
      unpack_archive
      ;;
    *)
      check_archive
      unpack_archive
      ;;
  esac
  version=$(cat "$tree/VERSION")
  case $version in
    "" | *[!A-Za-z0-9.+~_-]* | .*) die "$tree/VERSION: $version: is no version" ;;
  esac
  [ "$checked" = yes ] || is_whole "$tree" || die "$tree: files are missing or changed: $(grep -v ': OK$' "$scratch/sums.log" | head -n 3 | tr '\n' ' ')"
}

# --- the record ---------------------------------------------------------------------------------------------------------

# note KIND VALUE: before the thing is done.
note() {
  [ "$dry_run" = no ] || return 0
  grep -qxF "$1 $2" "$record" 2>/dev/null && return
  printf '%s %s\n' "$1" "$2" >>"$record"
}

recorded() { sed -n "s|^$1 ||p" "$record" 2>/dev/null || true; }

# Sets $missing to the folders of a path that are not there, the outermost first.
find_missing() {
  missing=
  folder=$1
  while [ ! -d "$folder" ]; do
    missing="$folder $missing"
    folder=$(dirname "$folder")
  done
}

# --- installing -----------------------------------------------------------------------------------------------------------

# The prefix appears at once, with a record of the folders that are new.
make_prefix() {
  find_missing "$prefix"
  [ -n "$missing" ] || return 0
  [ "$dry_run" = no ] || { echo "would make: $missing"; return; }
  top=${missing%% *}
  new=$(trash_of "$top")
  [ -w "$(dirname "$top")" ] || die "$top: $(dirname "$top") cannot be written"
  mkdir -p "$new${prefix#"$top"}"
  for folder in $missing; do echo "folder $folder"; done >"$new${prefix#"$top"}/install.record"
  mv -T "$new" "$top"
}

begin_prefix() {
  remove_trash
  make_prefix
  [ "$dry_run" = no ] || return 0
  [ -w "$prefix" ] || die "$prefix: cannot be written"
  if [ ! -f "$record" ]; then
    for name in $own_names; do
      [ ! -e "$prefix/$name" ] || die "$prefix/$name: is not of an installation: choose another --prefix"
    done
    : >"$record"
  fi
  rm -rf "$prefix"/releases/*.partial "$prefix"/.link.*
}

copy_release() {
  target=$prefix/releases/$version
  if [ -f "$target/SHA256SUMS" ] && cmp -s "$tree/SHA256SUMS" "$target/SHA256SUMS" &&
    is_whole "$target"; then
    say "$version is there already"
    return
  fi
  run mkdir -p "$prefix/releases"
  if [ -n "$unpacked" ]; then
    run mv "$tree" "$target.partial"
  else
    run mkdir "$target.partial"
    run cp -R -P -p "$tree/." "$target.partial/"
    if is_root; then run chown -R -h 0:0 "$target.partial"; fi
  fi
  # A damaged release of this version makes room first: it cannot be replaced by one rename.
  if [ -e "$target" ]; then run mv "$target" "$target.damaged.partial"; fi
  run mv "$target.partial" "$target"
  [ "$dry_run" = yes ] || tree=$target
}

# replace_link TEXT NAME: at once, whatever link was there.
replace_link() {
  run ln -s "$1" "$prefix/.link.$$"
  run mv -T "$prefix/.link.$$" "$2"
}

switch_to_release() {
  if [ "$(readlink "$prefix/current" 2>/dev/null || true)" != "releases/$version" ]; then
    replace_link "releases/$version" "$prefix/current"
  fi
  for name in $tree_names; do
    [ "$(readlink "$prefix/$name" 2>/dev/null || true)" = "current/$name" ] || replace_link "current/$name" "$prefix/$name"
  done
  for old in "$prefix"/releases/*; do
    [ "$old" = "$prefix/releases/$version" ] || [ ! -e "$old" ] || run rm -rf "$old"
  done
}

make_links() {
  [ "$links" = yes ] || return 0
  find_missing "$link_folder"
  for folder in $missing; do note folder "$folder"; done
  [ -z "$missing" ] || run mkdir -p "$link_folder"
  for name in $linked_programs; do
    [ -e "$tree/bin/$name" ] || continue
    link=$link_folder/$name
    if [ ! -e "$link" ] && [ ! -h "$link" ]; then
      note link "$link"
      run ln -s "$prefix/bin/$name" "$link"
    elif [ "$(readlink "$link" || true)" != "$prefix/bin/$name" ]; then
      warn "$link: is there and not of this installation: left alone"
    fi
  done
}

register_engines() {
  [ -n "$engines" ] || return 0
  have python3 || die "--with-${engines%% *}: python3 is needed to change the engines' files; $prefix is complete otherwise"
  for engine in $engines; do
    note engine "$engine"
    run "$prefix/share/kontain/engines/krun-register" add "$engine" --krun "$prefix/bin/krun" ||
      die "$engine: krun could not be registered; $prefix is complete otherwise"
  done
}

smoke_test() {
  [ "$smoke" = yes ] && [ "$dry_run" = no ] || return 0
  printf '#include <stdio.h>\nint main(void) { puts("a kontainer runs"); }\n' >"$scratch/smoke.c"
  "$prefix/bin/kontain-gcc" -o "$scratch/smoke.km" "$scratch/smoke.c" || die "smoke test: the compiler fails"
  [ "$("$scratch/smoke.km")" = "a kontainer runs" ] || die "smoke test: the program does not run natively"
  if check_kvm; then
    [ "$("$prefix/bin/km" "$scratch/smoke.km")" = "a kontainer runs" ] || die "smoke test: km fails: see $prefix/bin/kontain doctor"
    say "smoke test: compiled, and run in a virtual machine"
  else
    say "smoke test: compiled; not run, without /dev/kvm"
  fi
}

install() {
  check_machine
  find_release
  say "installing $version to $prefix"
  begin_prefix
  copy_release
  switch_to_release
  make_links
  register_engines
  smoke_test
  [ "$dry_run" = no ] || return 0
  say "done: $prefix/bin/kontain doctor says what this host can do"
  case ":$PATH:" in
    *":$prefix/bin:"* | *":$link_folder:"*) ;;
    *) say "to use it: PATH=$prefix/bin:\$PATH" ;;
  esac
}

# --- removing -------------------------------------------------------------------------------------------------------------

# A folder has this name before it is complete and while it is being removed: what is left of an interrupted run.
trash_of() { echo "$1.kontain-trash"; }

# Where a release for this prefix is unpacked.
unpacked_in() { echo "$1/.kontain-unpacked$(echo "$prefix" | tr / _)"; }

remove_trash() {
  folder=$prefix
  while :; do
    for left in "$(trash_of "$folder")" "$(unpacked_in "$folder")"; do
      [ ! -e "$left" ] || [ "$left" = "$unpacked" ] || run rm -rf "$left"
    done
    [ "$folder" != / ] || break
    folder=$(dirname "$folder")
  done
}

remove_links() {
  recorded link | while IFS= read -r link; do
    [ "$(readlink "$link" 2>/dev/null || true)" != "$prefix/bin/$(basename "$link")" ] || run rm -f "$link"
  done
}

remove_engines() {
  recorded engine | while IFS= read -r engine; do
    run "$prefix/share/kontain/engines/krun-register" remove "$engine" ||
      die "$engine: krun could not be taken out: nothing more was removed"
  done
}

# The folders that were made, the innermost first, as far as they are empty: not those on the way to the prefix.
remove_folders() {
  recorded folder | sed '1!G;h;$!d' | while IFS= read -r folder; do
    case "$prefix/" in
      "$folder"/*) ;;
      *) run rmdir "$folder" 2>/dev/null || true ;;
    esac
  done
}

# The outermost folder that was made for the prefix and holds nothing else.
outermost() {
  recorded folder | while IFS= read -r folder; do
    case "$prefix/" in
      "$folder"/*) ;;
      *) continue ;;
    esac
    inner=$prefix
    while [ "$inner" != "$folder" ]; do
      outer=$(dirname "$inner")
      [ "$(ls -A "$outer")" = "$(basename "$inner")" ] || break
      inner=$outer
    done
    [ "$inner" != "$folder" ] || { echo "$folder"; break; }
  done
}

# What lies in the prefix and was not put there by this script.
foreign_names() {
  for path in "$prefix"/* "$prefix"/.[!.]*; do
    case " $own_names install.record * .[!.]* " in
      *" ${path##*/} "*) ;;
      *) echo "$path" ;;
    esac
  done
}

remove_prefix() {
  run rm -f "$prefix"/.link.*
  folder=$(outermost)
  if [ -n "$folder" ] && [ -z "$(foreign_names)" ]; then
    run mv -T "$folder" "$(trash_of "$folder")"
    run rm -rf "$(trash_of "$folder")"
    return
  fi
  for name in $own_names; do run rm -rf "${prefix:?}/$name"; done
  run rm -f "$record"
  say "$prefix: was there before, or holds files of others: the folder is left"
}

# What programs made while they ran: the registry's folder, which is empty when nothing runs.
remove_runtime_folders() {
  if is_root; then runtime=/run/kontain; else runtime=/run/user/$(id -u)/kontain; fi
  run rmdir "$runtime" "$runtime-run" 2>/dev/null || true
  [ "$purge" = yes ] || return 0
  if is_root; then
    run rm -rf /var/lib/kontain /etc/kontain
  else
    run rm -rf "${XDG_DATA_HOME:-$HOME/.local/share}/kontain"
  fi
}

uninstall() {
  if [ ! -f "$record" ] || [ ! -d "$prefix" ]; then
    remove_trash
    [ ! -d "$prefix" ] || die "$prefix: holds no installation"
    [ "$purge" = no ] || remove_runtime_folders
    say "nothing is installed at $prefix"
    return
  fi
  say "removing $prefix"
  remove_trash
  remove_engines
  remove_links
  remove_folders
  remove_runtime_folders
  remove_prefix
  remove_trash
  [ "$dry_run" = yes ] || say "done"
}

main() {
  umask 022
  parse_options "$@"
  choose_places
  here=$(dirname "$(readlink -f "$0")")
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch" ${unpacked:+"$unpacked"}' EXIT
  trap 'exit 130' INT HUP TERM
  "$action"
}

main "$@"
