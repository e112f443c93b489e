"""Users and their rights; packages made, served and installed."""
from terminal import action, without_numbers


@action("users")
def _(s):
    return s.run("useradd -m -s /bin/bash bob; echo bob:pw | chpasswd; id bob; su - bob -c 'id -un; pwd; umask'; "
                 "sudo -u bob whoami")


@action("a user's rights")
def _(s):
    return s.run("su bob -c 'touch /etc/x; kill -9 1; cat /etc/shadow; echo ok >/tmp/bob; "
                 "ls -l /tmp/bob | cut -d\" \" -f3'")


@action("capabilities")
def _(s):
    return s.run("grep CapEff /proc/self/status; mount -t tmpfs none /mnt; date -s 12:00 >/dev/null; "
                 "dmesg >/dev/null; hostname other")


@action("a package made and put into a repository")
def _(s):
    s.run("mkdir -p /repo pkg/DEBIAN pkg/usr/bin; "
          "printf '#!/bin/sh\\necho from a package\\n' >pkg/usr/bin/local-hello; chmod 755 pkg/usr/bin/local-hello")
    s.run("printf 'Package: local-hello\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: M "
          "<m@example.org>\\nDescription: local\\n' >pkg/DEBIAN/control")
    return s.run("dpkg-deb -b pkg /repo/local-hello.deb; (cd /repo && apt-ftparchive packages . >Packages; "
                 "grep ^Package Packages)")


@action("apt-get update from that repository")
def _(s):
    s.run("rm -rf /etc/apt/sources.list* /var/lib/apt/lists/*; "
          "echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list")
    return without_numbers(s.run("apt-get update 2>&1 | grep -v '^Get\\|^Ign\\|^Hit' ; "
                                 "apt-cache policy local-hello | head -3", 120))


@action("apt install, run, remove")
def _(s):
    return s.run("DEBIAN_FRONTEND=noninteractive apt-get install -y -qq local-hello >log 2>&1; "
                 "grep -c 'Setting up' log; local-hello; "
                 "dpkg -S /usr/bin/local-hello; apt-get purge -y -qq local-hello >log 2>&1; local-hello", 120)


@action("apt of a repository over HTTP")
def _(s):
    s.run("set +m; (cd /repo && python3 -m http.server 8000 >/dev/null 2>&1) & sleep 2")
    out = s.run("echo 'deb [trusted=yes] http://127.0.0.1:8000/ ./' >/etc/apt/sources.list; "
                "apt-get update 2>&1 | tail -1; apt-get download -q local-hello "
                "2>&1 | grep -c local-hello; ls local-hello*.deb", 120)
    s.run("pkill -f http.server; wait; set -m")
    return without_numbers(out)


@action("dpkg")
def _(s):
    return s.run("dpkg -l bash | tail -1 | cut -c1-8; dpkg -L hostname | head -3; dpkg --verify bash; "
                 "dpkg -i /repo/local-hello.deb | tail -1; dpkg -r local-hello | tail -1", 60)
