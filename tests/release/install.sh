# A user installs, installs again, upgrades, downgrades and removes; nothing is left.
. "$KONTAIN_SOURCE/tests/release/lib.sh"
make_workdir
make_user
make_release 1.0
old=$archive
make_next_release 1.1
new=$archive
prefix=$workdir/home/.local/kontain
snapshot home >before

expect_status 0 install_sh --dry-run "$old"
expect_contains out "would make: $workdir/home/.local"
snapshot home | diff before - || fail "a dry run did something"

expect_status 0 install_sh "$old"
expect_contains out "checksum: good"
expect_contains out "smoke test: compiled"
expect_equal "$(readlink "$prefix/current")" releases/1.0 "the release in use"
expect_equal "$(readlink home/.local/bin/km)" "$prefix/bin/km" "the link"
printf 'int main(void) { return 7; }\n' >seven.c
expect_status 0 "$prefix/bin/kontain-gcc" -o seven seven.c
expect_status 7 ./seven
"$prefix/bin/kontain" --version >/dev/null || fail "kontain does not start"
for name in share/man/man1/km.1 share/doc/kontain/README.md share/bash-completion/completions/kontain examples/hello/hello.c; do
  [ -s "$prefix/$name" ] || fail "$name is missing"
done
release=$prefix/releases/1.0
for name in LICENSE THIRD-PARTY-NOTICES README.md; do [ -s "$release/$name" ] || fail "$name is missing"; done
expect_equal "$(jq -r .spdxVersion "$release/sbom.spdx.json")" SPDX-2.3 "the bill of materials"
for name in musl LLVM; do
  jq -r '.packages[].name' "$release/sbom.spdx.json" | grep -q "$name" || fail "the bill of materials has no $name"
done

# Again: nothing changes.
snapshot home >installed
expect_status 0 install_sh "$old"
expect_contains out "1.0 is there already"
snapshot home | diff installed - || fail "installing again changed something"

# Another version and back. A user's images and a foreign file of the link's name are nobody's business.
"${as_user[@]}" sh -c 'mkdir -p home/.local/share/kontain/images && echo kept >home/.local/share/kontain/images/index.json'
expect_status 0 install_sh "$new"
expect_equal "$(readlink "$prefix/current")" releases/1.1 "the release in use"
expect_equal "$(ls "$prefix/releases")" 1.1 "releases that are kept"
rm home/.local/bin/krun
echo mine >home/.local/bin/krun
expect_status 0 install_sh "$old"
expect_contains err "home/.local/bin/krun: is there and not of this installation: left alone"
expect_equal "$(readlink "$prefix/current")" releases/1.0 "the release after a downgrade"
expect_equal "$(cat home/.local/bin/krun)" mine "a foreign file"

# A damaged installation is repaired.
chmod u+w "$release/bin/km"
echo broken >"$release/bin/km"
expect_status 0 install_sh "$old"
"$prefix/bin/km" --version >/dev/null || fail "a damaged km stays"

# Away again, but for what is not ours; then all of it. The installed copy of the script can do it.
expect_status 0 install_sh --uninstall
expect_equal "$(cd home && find . -type f | sort)" "$(printf './.local/bin/krun\n./.local/share/kontain/images/index.json')" "what is left"
expect_status 0 install_sh --uninstall --purge
expect_equal "$(cd home && find . -type f)" ./.local/bin/krun "what is left after --purge"
rmdir home/.local/share
rm home/.local/bin/krun
rmdir home/.local/bin home/.local 2>/dev/null || true
snapshot home | diff before - || fail "uninstalling left something"
expect_status 0 install_sh "$old"
cp "$prefix/install.sh" own-copy.sh
cmp own-copy.sh install.sh || fail "the installed script is another one"
expect_status 0 env -i HOME="$workdir/home" PATH="$PATH" "${as_user[@]}" sh "$prefix/install.sh" --uninstall
snapshot home | diff before - || fail "uninstalling left something"
expect_status 0 install_sh --uninstall
expect_contains out "nothing is installed"

# A folder of the user's choice, which was there before and holds other things.
mkdir home/own
echo mine >home/own/file
[ ${#as_user[@]} -eq 0 ] || chown -R 65534:65534 home/own
snapshot home >before
expect_status 0 install_sh --prefix "$workdir/home/own" --no-links --no-smoke-test "$old"
"$workdir/home/own/bin/km" --version >/dev/null || fail "km does not start"
expect_status 0 install_sh --prefix "$workdir/home/own" --uninstall
snapshot home | diff before - || fail "uninstalling left something, or took something of others"

# From the unpacked release, and without installing.
tar -xzf "$old"
expect_status 0 env -i HOME="$workdir/home" PATH="$PATH" "${as_user[@]}" sh kontain-1.0-x86_64/install.sh --no-smoke-test
expect_status 0 install_sh --uninstall
snapshot home | diff before - || fail "uninstalling left something"
expect_status 0 kontain-1.0-x86_64/bin/kontain-gcc -o seven seven.c
