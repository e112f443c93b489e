"""Compilers, interpreters and what is built with them."""
from terminal import action


@action("compile a program")
def _(s):
    return s.run("printf '#include <stdio.h>\\nint main(void){printf(\"compiled\\\\n\");}' >c.c; "
                 "gcc -O2 -o c c.c && ./c; file -b c | cut -d, -f1-2", 60)


@action("make")
def _(s):
    return s.run("mkdir -p m; cd m; for i in 1 2 3 4; do echo \"int f$i(void){return $i;}\" >f$i.c; done; "
                 "printf 'int f1(void),f2(void),f3(void),f4(void);int main(void){return f1()+f2()+f3()+f4();"
                 "}' >main.c; "
                 "printf 'prog: main.o f1.o f2.o f3.o f4.o\\n\\t$(CC) -o $@ $^\\n' >Makefile; make -s -j4; ./prog; "
                 "echo $?; make -q && echo made; cd ..", 90)


@action("a program that crashes")
def _(s):
    return s.run("printf 'int main(void){*(volatile int*)0=1;}' >s.c; gcc -o s s.c; (./s); echo $?; "
                 "printf 'int main(void){__builtin_trap();}' >s.c; gcc -o s s.c; (./s); echo $?", 60)


@action("git")
def _(s):
    return s.run("git init -q -b main g; cd g; git config user.email a@b; git config user.name n; seq 3 >f; "
                 "git add f; git commit -qm one; git checkout -qb two; seq 4 >f; "
                 "git commit -qam two; git checkout -q main; git merge -q two; git log --format=%s; git gc -q; "
                 "git fsck --no-progress; git clone -q . ../h; ls ../h; cd ..", 90)


@action("python")
def _(s):
    return s.run("python3 -c \"import subprocess,threading,multiprocessing as m;"
                 "print(subprocess.check_output(['echo','sub']));"
                 "t=[threading.Thread(target=lambda:None) for _ in range(20)];[x.start() for x in t];"
                 "[x.join() for x in t];print(m.Pool(3).map(abs,[-1,-2]))\"", 60)


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
    return s.run("perl -e 'my $p = fork; if (!$p) { exit 7 } waitpid $p, 0; print $? >> 8, \"\\n\"; "
                 "print join(\",\", sort {$a <=> $b} (10, 9, 2)), \"\\n\"'")


@action("java")
def _(s):
    return s.run("java -version 2>&1 | head -1 | cut -d' ' -f1-2", 60)


@action("redis")
def _(s):
    return s.run("redis-server --daemonize yes --save '' >/dev/null; sleep 1; redis-cli set k v; redis-cli get k; "
                 "redis-cli shutdown nosave; sleep 1; redis-cli ping 2>&1 | head -1", 60)


@action("jq, bc, xxd-like tools")
def _(s):
    return s.run("echo '{\"a\":[1,2]}' | jq -c '.a|add'; echo 'scale=5; 4*a(1)' | bc -l; printf AB | od -An -tx1; "
                 "printf 'a\\tb\\n' | column -t; cal 2 2024 2>/dev/null | wc -l")
