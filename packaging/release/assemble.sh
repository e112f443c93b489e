#!/bin/bash
# assemble.sh SOURCE SDK TREE VERSION COMMIT EPOCH: lays a release out in TREE, which must not exist: the SDK stripped of
# debug information, the installer, examples, documents and licences, and the list of all files with their checksums.
set -euo pipefail
source=$1 sdk=$2 tree=$3 version=$4 commit=$5 epoch=$6
export LC_ALL=C
umask 022
[ ! -e "$tree" ] || { echo "assemble: $tree: is there already" >&2; exit 1; }
mkdir -p "$tree"
cp -R -P "$sdk/bin" "$sdk/lib" "$sdk/share" "$tree/"
rm -f "$tree/bin/"*.debug

# Programs carry no symbols; objects and archives of the sysroot no debug information.
find "$tree/bin" -type f -perm -100 | while IFS= read -r file; do
  [ "$(head -c 4 "$file" | tr -d '\0')" != $'\x7fELF' ] || strip --strip-all "$file"
done
find "$tree/lib" -type f \( -name '*.a' -o -name '*.o' -o -name '*.so*' \) | while IFS= read -r file; do
  case $(head -c 8 "$file" | tr -d '\0\n') in
    $'\x7fELF'* | '!<arch>'*) strip --strip-debug --enable-deterministic-archives "$file" ;;
  esac
done

git -C "$source" archive HEAD examples | tar -x -C "$tree"
cp "$source/install.sh" "$source/LICENSE" "$tree/"
cp "$source/packaging/release/README.md" "$tree/README.md"
[ -z "${KONTAIN_RELEASE_KEYRING:-}" ] || cp "$KONTAIN_RELEASE_KEYRING" "$tree/share/kontain/release-key.gpg"
printf '%s\n' "$version" >"$tree/VERSION"
printf '%s\n' "$commit" >"$tree/COMMIT"
python3 "$source/packaging/release/notices.py" "$source" "$tree" "$version" "$commit" "$epoch"

# Nothing that is shipped may need a library of the user's machine. Tests of the installer make do with less.
find "$tree/bin" -type f | while IFS= read -r file; do
  if [ -z "${KONTAIN_RELEASE_MAY_BE_DYNAMIC:-}" ] && readelf -l "$file" 2>/dev/null | grep -q 'INTERP'; then
    echo "assemble: bin/${file##*/}: is not static" >&2
    exit 1
  fi
done
find "$tree" -type d -exec chmod 755 {} + -o -type f -perm -100 -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
(cd "$tree" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs -d '\n' sha256sum) >"$tree/SHA256SUMS"
