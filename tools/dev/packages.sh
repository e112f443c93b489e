# Sourced by ./dev: the Debian packages that building and testing need.
# shellcheck shell=bash

package_list="packaging/debian-packages.txt"

# The listed packages that are not installed, one a line.
missing_packages() {
  local wanted installed
  wanted=$(sed 's/#.*//' "$package_list" | tr -s '[:blank:]' '\n' | sed '/^$/d' | sort -u)
  # dpkg-query fails when it does not know a name, and still answers for the others.
  # shellcheck disable=SC2086
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
    sed -n 's/^installed //p' | sort -u || true)
  comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed")
}

# Installs what is missing; ends with a message that names the packages when it cannot.
install_packages() {
  local missing as_root=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "./dev: this is not a Debian system: the packages of $package_list are taken to be here" >&2
    return
  fi
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  missing=${missing//$'\n'/ }
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "missing packages, and neither root nor sudo to install them: $missing"
    as_root=(sudo)
  fi
  echo "./dev: installing $missing" >&2
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" update >&2 || die "apt-get update failed"
  # shellcheck disable=SC2086
  "${as_root[@]}" install -y --no-install-recommends $missing >&2 || die "could not install: $missing"
}
