# What the installer does not accept, and that it then changes nothing.
. "$KONTAIN_SOURCE/tests/release/lib.sh"
make_workdir
make_user
make_release 1.0
snapshot home >before

# refused TEXT ARGUMENT...
refused() {
  local text=$1
  shift
  expect_status 1 install_sh "$@"
  grep -q '^install.sh: ' err || fail "not a message of the installer: $(cat err)"
  expect_contains err "$text"
  snapshot home | diff before - || fail "a refused installation changed something: $*"
}

refused "--nonsense: no such option" --nonsense
refused "--prefix: needs a value" --prefix
refused "one release is enough" a b
refused "no release: name a" --no-links
refused "there is no such file" nothing.tar.gz
refused "letters, digits" --prefix "$workdir/home/a b" "$archive"
refused "write it without" --prefix "$workdir/home/../x" "$archive"
refused "--purge: only with --uninstall" --purge
if [ ${#as_user[@]} -gt 0 ]; then refused "the engines' files are root's" --with-docker "$archive"; fi

# One bit of the archive, a wrong sum, an archive of something else, a file missing inside.
cp dist/*.tar.gz bent.tar.gz
printf 'x' | dd of=bent.tar.gz bs=1 seek=1000000 conv=notrunc status=none
(cd dist && sed 's/ .*/  bent.tar.gz/' ./*.sha256) >bent.tar.gz.sha256
refused "the checksum is wrong" "$workdir/bent.tar.gz"
rm bent.tar.gz.sha256
refused "bent.tar.gz" "$workdir/bent.tar.gz"
mkdir other
tar -czf other.tar.gz other
refused "is no release of Kontain" "$workdir/other.tar.gz"
mkdir lame
tar -xzf "$archive" -C lame
rm lame/kontain-1.0-x86_64/bin/km
tar -czf lame.tar.gz -C lame kontain-1.0-x86_64
refused "files are missing or changed: " "$workdir/lame.tar.gz"
tar -xzf "$archive" -C lame
echo '../../up' >lame/kontain-1.0-x86_64/VERSION
tar -czf lame.tar.gz -C lame kontain-1.0-x86_64
refused "is no version" "$workdir/lame.tar.gz"

# A prefix whose names are taken.
mkdir home/taken home/taken/bin
[ ${#as_user[@]} -eq 0 ] || chown -R 65534:65534 home/taken
snapshot home >before
refused "is not of an installation" --prefix "$workdir/home/taken" "$archive"

# Signatures: a good one, one of another key, one over another file, none although one is required.
command -v gpg >/dev/null && command -v gpgv >/dev/null || skip "there is no gpg"
end_agents() { for home in "$workdir"/gnupg-*; do gpgconf --homedir "$home" --kill all || true; done; rm -rf "$workdir"; }
trap end_agents EXIT
for name in ours theirs; do
  mkdir -m 700 "gnupg-$name"
  gpg --homedir "gnupg-$name" --batch --quiet --passphrase '' --quick-gen-key "$name@kontain.invalid" ed25519 sign never 2>/dev/null
  gpg --homedir "gnupg-$name" --batch --export >"$name.gpg"
done
sign() { gpg --homedir "gnupg-$1" --batch --yes --detach-sign --armor -o "$2.asc" "$2"; }
refused "there is no signature" --require-signature --key "$workdir/ours.gpg" "$archive"
sign theirs "$archive"
refused "the signature is wrong" --key "$workdir/ours.gpg" "$archive"
sign ours bent.tar.gz
mv bent.tar.gz.asc "$archive.asc"
refused "the signature is wrong" --key "$workdir/ours.gpg" "$archive"
sign ours "$archive"
refused "there is no such file" --key "$workdir/none.gpg" "$archive"
refused "there is no key to check" --require-signature "$archive"
expect_status 0 install_sh --require-signature --key "$workdir/ours.gpg" --no-smoke-test "$archive"
expect_contains out "signature: good"
expect_status 0 install_sh --uninstall
snapshot home | diff before - || fail "uninstalling left something"

# The same over HTTP: with its checksum, and without one not at all.
command -v curl >/dev/null || skip "there is no curl"
python3 -u -m http.server --bind 127.0.0.1 --directory dist 0 >server.log 2>&1 &
server=$!
end_server() { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; end_agents; }
trap end_server EXIT
for _ in $(seq 100); do grep -q 'port [0-9]' server.log && break; sleep 0.1; done
archive_name=$(basename "$archive")
url=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' server.log)/$archive_name
expect_status 0 install_sh --require-signature --key "$workdir/ours.gpg" --no-smoke-test "$url"
expect_contains out "signature: good"
expect_status 0 install_sh --uninstall
# The lines of the document: from an unpacked release, from a file, from a URL.
tar -xzf "$archive" -C home --no-same-owner
cp "$archive" "$archive.sha256" "home/${archive_name%.tar.gz}/"
[ ${#as_user[@]} -eq 0 ] || chown -R 65534:65534 home/kontain-*
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/docs/guide/installing.md" tests/release/refusals.sh |
  sed "s|https://example.com/kontain-0.1.0-x86_64.tar.gz|$url|; s/kontain-0.1.0-x86_64.tar.gz/$archive_name/" >lines.sh
(cd home/kontain-* && env -i HOME="$workdir/home" TMPDIR="$workdir/tmp" PATH="$PATH" "${as_user[@]}" bash "$workdir/lines.sh") >out 2>err ||
  { cat out err; fail "the document's lines"; }
expect_equal "$(grep -c 'smoke test: compiled' out)" 3 "installations that ended with a smoke test"
rm -rf home/kontain-*
expect_status 0 install_sh --uninstall

mv "$archive.sha256" kept
refused "cannot be downloaded" "$url"
