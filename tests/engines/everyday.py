#!/usr/bin/python3
"""everyday.py RUNTIME NETWORK OUT.json: a person's everyday actions at the terminal of a Debian container.

One shell on one pseudo-terminal of `docker run -it`, keys pressed as a person would. What each action showed goes to
OUT.json by its name, for comparison with another runtime; an action that did not come to its end shows why.
"""
import json
import re
import sys

import pexpect

IMAGE = "everyday"
PROMPT = "box:ready> "
ACTIONS = []
NOISE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]|\r")


def action(name):
    def keep(function):
        ACTIONS.append((name, function))
        return function
    return keep
FAULT = re.compile(r"^km: .*: killed by SIG.*\r?\n", re.MULTILINE)  # what km adds to the shell's own message
JOB = re.compile(r"^\[(\d+)\] \d+$", re.MULTILINE)  # what bash says of a job in the background


class Shell:
    """The terminal. A command ends when the prompt is there again."""

    def __init__(self, runtime, network):
        command = ["run", "--rm", "-it", "--init", "--runtime", runtime, "--network", network, "--hostname", "box",
                   "-e", "TERM=xterm", IMAGE, "bash", "--norc"]
        self.terminal = pexpect.spawn("/usr/bin/docker", command, dimensions=(40, 132), encoding="utf-8", timeout=30,
                                      codec_errors="replace", env=None)
        self.terminal.setecho(False)
        self.terminal.expect_exact("# ", timeout=60)
        self.terminal.sendline("bind 'set enable-bracketed-paste off'; cd /root; HISTFILE=; PS1='box:'ready'> '")
        self.terminal.expect_exact(PROMPT)
        self.run("stty -echo")

    def keys(self, text):
        self.terminal.send(text)

    def wait(self, text, seconds=30):
        self.terminal.expect_exact(text, timeout=seconds)
        return clean(self.terminal.before)

    def prompt(self, seconds=30):
        return self.wait(PROMPT, seconds).strip()

    def run(self, command, seconds=30):
        self.keys(command + "\r")
        return self.prompt(seconds)

    def resize(self, rows, columns):
        self.terminal.setwinsize(rows, columns)


def clean(text):
    text = FAULT.sub("", text)
    return JOB.sub(r"[\1] N", NOISE.sub("", text))


def sums(text):
    return re.sub(r"\d+", "N", text)


# The shell itself

@action("pipes")
def _(s):
    return s.run("seq 10 | sort -rn | head -3 | paste -sd+ | bc")


@action("redirections")
def _(s):
    return s.run("printf 'one\\ntwo\\n' >f; cat <f >>g; cat <<<three >>g; wc -l f g; ls nothing 2>&1; rm f g")


@action("variables, loops, functions")
def _(s):
    return s.run("f() { local x=$1; echo $((x*x)); }; for i in {1..5}; do f $i; done | xargs")


@action("process substitution")
def _(s):
    return s.run("diff <(seq 3) <(seq 4); paste <(seq 3) <(seq 4 6)")


@action("command not found")
def _(s):
    return s.run("nothing; echo $?")


@action("Ctrl-C")
def _(s):
    s.keys("sleep 100\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("\x03")
    s.prompt()
    return s.run("echo $?")


@action("Ctrl-C of a pipeline")
def _(s):
    s.keys("yes | tee /dev/null >/dev/null\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("\x03")
    s.prompt()
    return s.run("echo ${PIPESTATUS[*]}; pgrep -c yes")


@action("Ctrl-Z, jobs, bg, fg")
def _(s):
    s.keys("sleep 101\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("\x1a")
    stopped = s.prompt()
    jobs = s.run("bg; jobs")
    s.keys("fg\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("\x03")
    s.prompt()
    return stopped + jobs + s.run("jobs; echo done")


@action("Ctrl-D")
def _(s):
    s.keys("cat\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("hello\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("\x04")
    return s.prompt()


@action("Ctrl-\\")
def _(s):
    s.keys("sleep 102\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("\x1c")
    s.prompt()
    return s.run("echo $?; rm -f core")


@action("Ctrl-S and Ctrl-Q")
def _(s):
    s.keys("\x13echo held\r\x11")
    return s.prompt()


@action("line editing")
def _(s):
    s.keys("echo wrong words\x17\x17right\x01\x0b")  # ^W ^W, ^A ^K
    s.keys("echo bc\x01\x06\x06\x06\x06\x06a\x05d\r")  # ^A, five ^F, a, ^E
    return s.prompt()


@action("history")
def _(s):
    s.run("echo remembered")
    s.keys("\x1b[A\r")
    first = s.prompt()
    s.keys("!ec\r")
    return first + s.prompt()[-10:]


@action("tab completion")
def _(s):
    s.run("mkdir -p tabs; touch tabs/completed_name")
    s.keys("echo tabs/compl\t\r")
    return s.prompt()


@action("resize")
def _(s):
    before = s.run("stty size")
    s.resize(50, 100)
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    after = s.run("stty size; tput cols")
    s.resize(40, 132)
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    return before + after + s.run("stty size")


@action("a program hears of a resize")
def _(s):
    s.keys("(trap 'echo WINCH; exit' WINCH; while :; do sleep 0.1; done)\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.resize(41, 132)
    out = s.prompt()
    s.resize(40, 132)
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    return out


@action("terminal modes")
def _(s):
    return s.run("tty; stty -a | grep -o 'isig icanon'; read -t 5 -n 3 x <<<abcdef; echo $x; [ -t 0 ] && echo terminal")


@action("a password prompt")
def _(s):
    s.keys("read -s -p 'Password: ' x; echo; echo got $x\r")
    s.wait("Password: ")
    s.keys("secret\r")
    return s.prompt()


@action("background jobs and wait")
def _(s):
    return s.run("set +m; for i in 3 2 1; do (sleep 0.$i; exit $i) & done; wait $!; echo $?; wait; echo $?; set -m")


@action("traps and signals")
def _(s):
    return s.run("bash -c 'trap \"echo usr1\" USR1; trap \"echo bye\" EXIT; kill -USR1 $$; exit 4'; echo $?")


@action("timeout, sleeps in a row")
def _(s):
    return s.run("timeout 1 sleep 10; echo $?; for i in 1 2 3; do sleep 0.3; echo tick; done")


@action("nohup, setsid, disown")
def _(s):
    return s.run("nohup sh -c 'sleep 0.5; echo late >late' >/dev/null 2>&1 & disown; setsid -w echo apart; sleep 1.5; cat late")


# Editors and pagers

@action("vi")
def _(s):
    s.keys("vi note\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=2)
    s.keys("ifirst line\rsecond line\x1b")
    s.keys(":1\rdd:wq\r")
    s.prompt()
    return s.run("cat note")


@action("nano")
def _(s):
    s.keys("nano -I page\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=2)
    s.keys("written in nano\r")
    s.keys("\x0f\r")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("\x18")
    s.prompt()
    return s.run("cat page")


@action("less")
def _(s):
    s.keys("seq 500 | less\r")
    s.wait(":")
    s.keys("G")
    s.wait("500")
    s.keys("g")
    s.terminal.expect(pexpect.TIMEOUT, timeout=1)
    s.keys("/^250\r")
    s.wait("280")
    s.keys("q")
    s.prompt()
    return s.run("echo $?")


@action("sed -i, awk, grep")
def _(s):
    return s.run("seq 5 >n; sed -i 's/3/three/' n; awk '{print NR\":\"$0}' n | grep -n three; rm n")


@action("diff and patch")
def _(s):
    return s.run("seq 5 >a; seq 5 | sed s/4/four/ >b; diff -u a b | sed 1,2d; diff -u a b | patch a; cmp a b && echo same")


@action("man")
def _(s):
    return s.run("man -P cat true 2>/dev/null | sed -n 1p | tr -s ' '")


# Processes

@action("ps")
def _(s):
    return s.run("ps -eo comm,tty,s --sort pid | tr -s ' '; ps aux | head -1")


@action("ps of a tree")
def _(s):
    return s.run("(sleep 9 & sleep 9 & ps -o args --forest -t $(tty) | grep -v ps; kill %1 %2) 2>/dev/null; pstree -aT 1 | head -3")


@action("top")
def _(s):
    s.keys("top\r")
    s.wait("COMMAND")
    s.wait("top")
    s.keys("q")
    s.prompt()
    return s.run("top -bn1 | awk 'NR > 7 {print $NF}' | sort -u | xargs; top -bn1 | grep -o 'Tasks:.*total' | tr -d ' 0-9'")


@action("kill, pkill, killall")
def _(s):
    s.run("set +m; sleep 103 & sleep 104 & sleep 105 &")
    return s.run("kill %1; pkill -f 'sleep 104'; killall sleep; wait; pgrep -c sleep; set -m; clear >/dev/null")[-3:]


@action("nice, renice, ionice, taskset")
def _(s):
    return sums(s.run("nice -n 5 nice; renice -n 3 $$ >/dev/null; nice; ionice; taskset -c 0 nproc"))


@action("/proc")
def _(s):
    return s.run("cat /proc/$$/comm; readlink /proc/self/exe /proc/self/cwd; tr '\\0' ' ' </proc/$$/cmdline; ls /proc/self/fd | wc -l")


@action("free, uptime, nproc, vmstat")
def _(s):
    return sums(s.run("free | head -1; nproc; vmstat 1 1 | head -2 | tail -1; [ -n \"$(uptime)\" ] && echo up"))


@action("lsof of the own process")
def _(s):
    return s.run("exec 7>held; readlink /proc/self/fd/7; ls -l /proc/self/fd | grep -c held; exec 7>&-; pidof bash | wc -w")


@action("time and date")
def _(s):
    return sums(s.run("TZ=UTC date -d @86400 +%F; (time true) 2>&1 | xargs; date +%Y | wc -c"))


@action("limits")
def _(s):
    return s.run("ulimit -n; ulimit -c; ulimit -s; (ulimit -n 64; ulimit -n)")


@action("cron")
def _(s):
    return s.run("echo '* * * * * root echo ran >>/tmp/cron' >/etc/cron.d/every; cron; for i in $(seq 70); do [ -s /tmp/cron ] "
                 "&& break; sleep 1; done; sort -u /tmp/cron; pkill cron; rm /etc/cron.d/every", 100)


@action("tmux")
def _(s):
    return s.run("tmux new -d -s w 'echo in tmux; exec sleep 20'; sleep 1; tmux capture-pane -p -t w | head -1; "
                 "tmux ls | cut -d: -f1; tmux kill-server")


@action("script")
def _(s):
    return s.run("script -qec 'tty; echo recorded' typed; grep -c recorded typed")


# Files

@action("tar, gzip, bzip2, xz")
def _(s):
    return s.run("mkdir -p t; seq 1000 >t/n; for z in z j J; do tar c${z}f t.$z t && tar xOf t.$z t/n | md5sum; done; rm -r t t.*")


@action("zip and unzip")
def _(s):
    return s.run("seq 100 >z; zip -q z.zip z; rm z; unzip -o z.zip; wc -l z")


@action("find and xargs")
def _(s):
    return s.run("find /etc -maxdepth 1 -name 'p*' -type f | sort | xargs -n 2 echo; find / -xdev -user postgres 2>/dev/null | wc -l")


@action("links, modes, owners")
def _(s):
    return s.run("touch lx; ln -s lx ly; ln lx lz; chmod 640 lx; chown www-data:adm lx; stat -c '%A %U %G %h' lx; readlink -f ly; rm lx ly lz")


@action("umask, chattr-less copies, attributes")
def _(s):
    return s.run("(umask 077; touch u; stat -c %a u); cp -a u v; touch -d 2001-02-03 v; stat -c %y v; rm u v")


@action("dd, truncate, fallocate, sync")
def _(s):
    return s.run("dd if=/dev/zero of=d bs=1M count=8 2>&1 | head -1; truncate -s 1G d; stat -c %s d; fallocate -l 1M e; sync; rm d e")


@action("df, du, mount")
def _(s):
    return s.run("df --output=fstype,target / | tail -1; mkdir q; seq 9999 >q/s; du -s q; findmnt -no FSTYPE /proc; rm -r q")


@action("named pipes and locks")
def _(s):
    return s.run("mkfifo p; (echo through >p &); cat p; flock l -c 'flock -n l true || echo locked'; rm p l")


@action("rsync")
def _(s):
    return s.run("mkdir -p r1; seq 50 >r1/a; rsync -a r1/ r2/; cmp r1/a r2/a && echo same; rsync -an --itemize-changes r1/ r2/; rm -r r1 r2")


@action("split, sort, uniq, join")
def _(s):
    return s.run("seq 20000 | shuf --random-source=/bin/bash | split -l 5000 - part; sort -n -m <(sort -n partaa) <(sort -n partab) | wc -l; "
                 "cat part* | sort -n | md5sum; rm part*")


@action("checksums, random bytes, openssl")
def _(s):
    return s.run("echo x | sha256sum; head -c 100 /dev/urandom | wc -c; echo text | openssl enc -aes-256-cbc -pbkdf2 -k p | "
                 "openssl enc -d -aes-256-cbc -pbkdf2 -k p; openssl genrsa 2048 2>/dev/null | openssl rsa -check -noout", 60)


# Users and packages

@action("users")
def _(s):
    return s.run("useradd -m -s /bin/bash bob; echo bob:pw | chpasswd; id bob; su - bob -c 'id -un; pwd; umask'; sudo -u bob whoami")


@action("a user's rights")
def _(s):
    return s.run("su bob -c 'touch /etc/x; kill -9 1; cat /etc/shadow; echo ok >/tmp/bob; ls -l /tmp/bob | cut -d\" \" -f3'")


@action("capabilities")
def _(s):
    return s.run("grep CapEff /proc/self/status; mount -t tmpfs none /mnt; date -s 12:00 >/dev/null; dmesg >/dev/null; hostname other")


@action("a package made and put into a repository")
def _(s):
    s.run("mkdir -p /repo pkg/DEBIAN pkg/usr/bin; printf '#!/bin/sh\\necho from a package\\n' >pkg/usr/bin/local-hello; chmod 755 pkg/usr/bin/local-hello")
    s.run("printf 'Package: local-hello\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: M <m@example.org>\\nDescription: local\\n' >pkg/DEBIAN/control")
    return s.run("dpkg-deb -b pkg /repo/local-hello.deb; (cd /repo && apt-ftparchive packages . >Packages; grep ^Package Packages)")


@action("apt-get update from that repository")
def _(s):
    s.run("rm -rf /etc/apt/sources.list* /var/lib/apt/lists/*; echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list")
    return sums(s.run("apt-get update 2>&1 | grep -v '^Get\\|^Ign\\|^Hit' ; apt-cache policy local-hello | head -3", 120))


@action("apt install, run, remove")
def _(s):
    return s.run("DEBIAN_FRONTEND=noninteractive apt-get install -y -qq local-hello >log 2>&1; grep -c 'Setting up' log; local-hello; "
                 "dpkg -S /usr/bin/local-hello; apt-get purge -y -qq local-hello >log 2>&1; local-hello", 120)


@action("apt of a repository over HTTP")
def _(s):
    s.run("set +m; (cd /repo && python3 -m http.server 8000 >/dev/null 2>&1) & sleep 2")
    out = s.run("echo 'deb [trusted=yes] http://127.0.0.1:8000/ ./' >/etc/apt/sources.list; apt-get update 2>&1 | tail -1; apt-get download -q local-hello "
                "2>&1 | grep -c local-hello; ls local-hello*.deb", 120)
    s.run("pkill -f http.server; wait; set -m")
    return sums(out)


@action("dpkg")
def _(s):
    return s.run("dpkg -l bash | tail -1 | cut -c1-8; dpkg -L hostname | head -3; dpkg --verify bash; dpkg -i /repo/local-hello.deb | tail -1; dpkg -r local-hello | tail -1", 60)


# Compiling and languages

@action("compile a program")
def _(s):
    return s.run("printf '#include <stdio.h>\\nint main(void){printf(\"compiled\\\\n\");}' >c.c; gcc -O2 -o c c.c && ./c; file -b c | cut -d, -f1-2", 60)


@action("make")
def _(s):
    return s.run("mkdir -p m; cd m; for i in 1 2 3 4; do echo \"int f$i(void){return $i;}\" >f$i.c; done; printf 'int f1(void),f2(void),f3(void),f4(void);int main(void){return f1()+f2()+f3()+f4();}' >main.c; "
                 "printf 'prog: main.o f1.o f2.o f3.o f4.o\\n\\t$(CC) -o $@ $^\\n' >Makefile; make -s -j4; ./prog; echo $?; make -q && echo made; cd ..", 90)


@action("a program that crashes")
def _(s):
    return s.run("printf 'int main(void){*(volatile int*)0=1;}' >s.c; gcc -o s s.c; (./s); echo $?; printf 'int main(void){__builtin_trap();}' >s.c; gcc -o s s.c; (./s); echo $?", 60)


@action("git")
def _(s):
    return s.run("git init -q -b main g; cd g; git config user.email a@b; git config user.name n; seq 3 >f; git add f; git commit -qm one; git checkout -qb two; seq 4 >f; "
                 "git commit -qam two; git checkout -q main; git merge -q two; git log --format=%s; git gc -q; git fsck --no-progress; git clone -q . ../h; ls ../h; cd ..", 90)


@action("python")
def _(s):
    return s.run("python3 -c \"import subprocess,threading,multiprocessing as m;print(subprocess.check_output(['echo','sub']));"
                 "t=[threading.Thread(target=lambda:None) for _ in range(20)];[x.start() for x in t];[x.join() for x in t];print(m.Pool(3).map(abs,[-1,-2]))\"", 60)


@action("python at the prompt")
def _(s):
    s.keys("python3 -q\r")
    s.wait(">>> ")
    s.keys("print(6*7)\r")
    out = s.wait(">>> ")
    s.keys("\x04")
    s.prompt()
    return out.strip()[-2:]


@action("perl")
def _(s):
    return s.run("perl -e 'my $p = fork; if (!$p) { exit 7 } waitpid $p, 0; print $? >> 8, \"\\n\"; print join(\",\", sort {$a <=> $b} (10, 9, 2)), \"\\n\"'")


@action("java")
def _(s):
    return s.run("java -version 2>&1 | head -1 | cut -d' ' -f1-2", 60)


@action("redis")
def _(s):
    return s.run("redis-server --daemonize yes --save '' >/dev/null; sleep 1; redis-cli set k v; redis-cli get k; redis-cli shutdown nosave; sleep 1; redis-cli ping 2>&1 | head -1", 60)


@action("jq, bc, xxd-like tools")
def _(s):
    return s.run("echo '{\"a\":[1,2]}' | jq -c '.a|add'; echo 'scale=5; 4*a(1)' | bc -l; printf AB | od -An -tx1; printf 'a\\tb\\n' | column -t; cal 2 2024 2>/dev/null | wc -l")


# Network

@action("addresses and names")
def _(s):
    return s.run("ip -br link | awk '{print $1}' | sed 's/@.*//' | xargs; getent hosts localhost | awk '{print $2}'; hostname; getent hosts sibling | awk '{print $2}'; ip route | wc -l")


@action("ping")
def _(s):
    return s.run("ping -c 2 -i 0.3 sibling | grep -o '2 packets transmitted, 2 received'; ping -c 1 -W 1 10.99.99.99 | grep -o '[0-9]* received'")


@action("curl and wget")
def _(s):
    return s.run("curl -s http://sibling/ | grep -o 'Welcome to nginx!' | head -1; wget -qO- http://sibling/ | wc -c; curl -s http://sibling:81/; echo $?")


@action("ssh")
def _(s):
    s.run("mkdir -p .ssh; cp /key .ssh/id_ed25519; chmod 600 .ssh/id_ed25519; printf 'StrictHostKeyChecking no\\nLogLevel ERROR\\n' >.ssh/config")
    return s.run("ssh sibling 'hostname; id -un; echo $SHELL; tty'; echo piped | ssh sibling cat; ssh sibling 'exit 5'; echo $?", 60)


@action("ssh with a terminal")
def _(s):
    s.keys("ssh -t sibling\r")
    s.wait("root@sibling:~# ")
    s.keys("tty; stty size\r")
    out = s.wait("root@sibling:~# ")
    s.keys("exit\r")
    s.prompt()
    return out[-20:]


@action("scp, sftp, rsync over ssh")
def _(s):
    return s.run("seq 1000 >sent; scp -q sent sibling:/tmp/; ssh sibling md5sum </dev/null /tmp/sent; echo 'get /tmp/sent got' | sftp -q -b - sibling >/dev/null; cmp sent got && echo same; "
                 "rsync -a sent sibling:/tmp/again; ssh sibling cmp /tmp/sent /tmp/again && echo synced", 90)


@action("nc both ways, ss")
def _(s):
    return s.run("set +m; (echo over | nc -l -q 5 -p 9999 >in) & sleep 1; ss -tln | grep -c :9999; echo there | nc -q 5 127.0.0.1 9999; wait; cat in; set -m")


@action("UNIX sockets")
def _(s):
    return s.run("python3 -c 'import socket,os;a,b=socket.socketpair();a.send(b\"x\");print(b.recv(1));s=socket.socket(socket.AF_UNIX);s.bind(\"/tmp/u\");s.listen();"
                 "c=socket.socket(socket.AF_UNIX);c.connect(\"/tmp/u\");print(s.accept()[0]!=None)'")


@action("environment and locale")
def _(s):
    return s.run("env | grep -E '^(HOME|TERM|HOSTNAME|PATH)=' | sort; locale | head -1; echo $SHLVL $UID $EUID $PPID")


def attempt(function, shell):
    try:
        # bash keeps as its terminal's modes what a program left, now and then its own raw ones after a stopped job.
        shell.run("stty sane -echo")
        return function(shell)
    except (pexpect.TIMEOUT, pexpect.EOF) as error:
        shown = clean(shell.terminal.before if isinstance(shell.terminal.before, str) else "")[-400:]
        return f"NOT FINISHED ({type(error).__name__}): {shown}"


def main(runtime, network, out):
    shell = Shell(runtime, network)
    kernel = shell.run("uname -r")
    shown = {}
    for name, function in ACTIONS:
        shown[name] = attempt(function, shell)
        print(f"{runtime}: {name}: {shown[name][:60]!r}", flush=True)
        if shown[name].startswith("NOT FINISHED"):
            shell.terminal.close(force=True)
            shell = Shell(runtime, network)
    shell.keys("exit 3\r")
    shell.terminal.expect(pexpect.EOF)
    shell.terminal.close()
    shown["exit status of the shell"] = str(shell.terminal.exitstatus)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"kernel": kernel, "shown": shown}, file, indent=1)
    print(f"{runtime}: {len(shown)} actions, {sum(v.startswith('NOT FINISHED') for v in shown.values())} not finished")


if __name__ == "__main__":
    main(*sys.argv[1:])
