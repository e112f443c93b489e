#!/bin/bash
# reproducible.sh: builds this commit's release twice, in folders of different names, the second time without a compiler's
# cache, and compares the bytes. With a throw-away key the signature is checked, too.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
end() {
  [ ! -d "$work/gnupg" ] || gpgconf --homedir "$work/gnupg" --kill all || true
  for tree in first second-of-another-length; do git worktree remove --force "$work/$tree" 2>/dev/null || true; done
  rm -rf "$work"
}
trap end EXIT
mkdir -m 700 "$work/gnupg"
gpg --homedir "$work/gnupg" --batch --quiet --passphrase '' --quick-gen-key release@kontain.invalid ed25519 sign never 2>/dev/null
export KONTAIN_RELEASE_GNUPGHOME=$work/gnupg
for tree in first second-of-another-length; do
  git worktree add --detach --quiet "$work/$tree" HEAD
  (cd "$work/$tree" && ./dev release) | tail -n 1
  export CCACHE_DISABLE=1
done
for kind in tar.gz deb rpm; do
  first=$(echo "$work"/first/dist/*."$kind")
  second=$(echo "$work"/second-of-another-length/dist/*."$kind")
  sha256sum "$first" "$second"
  cmp "$first" "$second" || { echo "the two builds differ" >&2; exit 1; }
done
first=$(echo "$work"/first/dist/*.tar.gz)
second=$(echo "$work"/second-of-another-length/dist/*.tar.gz)
gpg --homedir "$work/gnupg" --batch --export >"$work/key.gpg"
gpgv --keyring "$work/key.gpg" "$second.asc" "$second"
mkdir -p dist
cp "$work"/first/dist/* dist/
size=$(stat -c %s "$first")
echo "reproducible: $((size / 1000000)) MB"
