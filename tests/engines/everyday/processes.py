"""Looking at processes, ending them, and what runs them."""
from terminal import action, without_numbers


@action("ps")
def _(s):
    return s.run("ps -eo comm,tty,s --sort pid | tr -s ' '; ps aux | head -1")


@action("ps of a tree")
def _(s):
    return s.run("(sleep 9 & sleep 9 & ps -o args --forest -t $(tty) | grep -v ps; kill %1 %2) 2>/dev/null; "
                 "pstree -aT 1 | head -3")


@action("top")
def _(s):
    s.keys("top\r")
    s.wait("COMMAND")
    s.wait("top")
    s.keys("q")
    s.prompt()
    return s.run("top -bn1 | awk 'NR > 7 {print $NF}' | sort -u | xargs; "
                 "top -bn1 | grep -o 'Tasks:.*total' | tr -d ' 0-9'")


@action("kill, pkill, killall")
def _(s):
    s.run("set +m; sleep 103 & sleep 104 & sleep 105 &")
    return s.run("kill %1; pkill -f 'sleep 104'; killall sleep; wait; pgrep -c sleep; set -m; clear >/dev/null")[-3:]


@action("nice, renice, ionice, taskset")
def _(s):
    return without_numbers(s.run("nice -n 5 nice; renice -n 3 $$ >/dev/null; nice; ionice; taskset -c 0 nproc"))


@action("/proc")
def _(s):
    return s.run("cat /proc/$$/comm; readlink /proc/self/exe /proc/self/cwd; tr '\\0' ' ' </proc/$$/cmdline; "
                 "ls /proc/self/fd | wc -l")


@action("free, uptime, nproc, vmstat")
def _(s):
    return without_numbers(s.run("free | head -1; nproc; vmstat 1 1 | head -2 | tail -1; "
                                 "[ -n \"$(uptime)\" ] && echo up"))


@action("lsof of the own process")
def _(s):
    return s.run("exec 7>held; readlink /proc/self/fd/7; ls -l /proc/self/fd | grep -c held; exec 7>&-; "
                 "pidof bash | wc -w")


@action("time and date")
def _(s):
    return without_numbers(s.run("TZ=UTC date -d @86400 +%F; (time true) 2>&1 | xargs; date +%Y | wc -c"))


@action("limits")
def _(s):
    return s.run("ulimit -n; ulimit -c; ulimit -s; (ulimit -n 64; ulimit -n)")


@action("cron")
def _(s):
    return s.run("echo '* * * * * root echo ran >>/tmp/cron' >/etc/cron.d/every; cron; for i in $(seq 70); "
                 "do [ -s /tmp/cron ] "
                 "&& break; sleep 1; done; sort -u /tmp/cron; pkill cron; rm /etc/cron.d/every", 100)


@action("tmux")
def _(s):
    return s.run("tmux new -d -s w 'echo in tmux; exec sleep 20'; sleep 1; tmux capture-pane -p -t w | head -1; "
                 "tmux ls | cut -d: -f1; tmux kill-server")


@action("script")
def _(s):
    return s.run("script -qec 'tty; echo recorded' typed; grep -c recorded typed")
