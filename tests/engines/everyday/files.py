"""Files: archives, links, owners, locks, copies, checksums."""
from terminal import action


@action("tar, gzip, bzip2, xz")
def _(s):
    return s.run("mkdir -p t; seq 1000 >t/n; for z in z j J; do tar c${z}f t.$z t && tar xOf t.$z t/n | md5sum; "
                 "done; rm -r t t.*")


@action("zip and unzip")
def _(s):
    return s.run("seq 100 >z; zip -q z.zip z; rm z; unzip -o z.zip; wc -l z")


@action("find and xargs")
def _(s):
    return s.run("find /etc -maxdepth 1 -name 'p*' -type f | sort | xargs -n 2 echo; "
                 "find / -xdev -user postgres 2>/dev/null | wc -l")


@action("links, modes, owners")
def _(s):
    return s.run("touch lx; ln -s lx ly; ln lx lz; chmod 640 lx; chown www-data:adm lx; stat -c '%A %U %G %h' lx; "
                 "readlink -f ly; rm lx ly lz")


@action("umask, chattr-less copies, attributes")
def _(s):
    return s.run("(umask 077; touch u; stat -c %a u); cp -a u v; touch -d 2001-02-03 v; stat -c %y v; rm u v")


@action("dd, truncate, fallocate, sync")
def _(s):
    return s.run("dd if=/dev/zero of=d bs=1M count=8 2>&1 | head -1; truncate -s 1G d; stat -c %s d; "
                 "fallocate -l 1M e; sync; rm d e")


@action("df, du, mount")
def _(s):
    return s.run("df --output=fstype,target / | tail -1; mkdir q; seq 9999 >q/s; du -s q; findmnt -no FSTYPE /proc; "
                 "rm -r q")


@action("named pipes and locks")
def _(s):
    return s.run("mkfifo p; (echo through >p &); cat p; flock l -c 'flock -n l true || echo locked'; rm p l")


@action("rsync")
def _(s):
    return s.run("mkdir -p r1; seq 50 >r1/a; rsync -a r1/ r2/; cmp r1/a r2/a && echo same; "
                 "rsync -an --itemize-changes r1/ r2/; rm -r r1 r2")


@action("split, sort, uniq, join")
def _(s):
    return s.run("seq 20000 | shuf --random-source=/bin/bash | split -l 5000 - part; "
                 "sort -n -m <(sort -n partaa) <(sort -n partab) | wc -l; "
                 "cat part* | sort -n | md5sum; rm part*")


@action("checksums, random bytes, openssl")
def _(s):
    return s.run("echo x | sha256sum; head -c 100 /dev/urandom | wc -c; "
                 "echo text | openssl enc -aes-256-cbc -pbkdf2 -k p | "
                 "openssl enc -d -aes-256-cbc -pbkdf2 -k p; "
                 "openssl genrsa 2048 2>/dev/null | openssl rsa -check -noout", 60)
