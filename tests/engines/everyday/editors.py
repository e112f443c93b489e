"""Editors, pagers and what edits streams."""
import pexpect

from terminal import action


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
    return s.run("seq 5 >a; seq 5 | sed s/4/four/ >b; diff -u a b | sed 1,2d; diff -u a b | patch a; "
                 "cmp a b && echo same")


@action("man")
def _(s):
    return s.run("man -P cat true 2>/dev/null | sed -n 1p | tr -s ' '")
