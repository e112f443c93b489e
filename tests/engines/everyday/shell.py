"""The shell itself: its grammar, line editing, keys that are signals, jobs."""
import pexpect

from terminal import action


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
    return s.run("tty; stty -a | grep -o 'isig icanon'; read -t 5 -n 3 x <<<abcdef; echo $x; "
                 "[ -t 0 ] && echo terminal")


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
    return s.run("nohup sh -c 'sleep 0.5; echo late >late' >/dev/null 2>&1 & disown; setsid -w echo apart; "
                 "sleep 1.5; cat late")


@action("environment and locale")
def _(s):
    return s.run("env | grep -E '^(HOME|TERM|HOSTNAME|PATH)=' | sort; locale | head -1; echo $SHLVL $UID $EUID $PPID")
