"""Names, addresses, and a sibling container that is spoken to."""
from terminal import action


@action("addresses and names")
def _(s):
    return s.run("ip -br link | awk '{print $1}' | sed 's/@.*//' | xargs; "
                 "getent hosts localhost | awk '{print $2}'; hostname; getent hosts sibling | awk '{print $2}'; "
                 "ip route | wc -l")


@action("ping")
def _(s):
    return s.run("ping -c 2 -i 0.3 sibling | grep -o '2 packets transmitted, 2 received'; "
                 "ping -c 1 -W 1 10.99.99.99 | grep -o '[0-9]* received'")


@action("curl and wget")
def _(s):
    return s.run("curl -s http://sibling/ | grep -o 'Welcome to nginx!' | head -1; "
                 "wget -qO- http://sibling/ | wc -c; curl -s http://sibling:81/; echo $?")


@action("ssh")
def _(s):
    s.run("mkdir -p .ssh; cp /key .ssh/id_ed25519; chmod 600 .ssh/id_ed25519; "
          "printf 'StrictHostKeyChecking no\\nLogLevel ERROR\\n' >.ssh/config")
    return s.run("ssh sibling 'hostname; id -un; echo $SHELL; tty'; echo piped | ssh sibling cat; "
                 "ssh sibling 'exit 5'; echo $?", 60)


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
    return s.run("seq 1000 >sent; scp -q sent sibling:/tmp/; ssh sibling md5sum </dev/null /tmp/sent; "
                 "echo 'get /tmp/sent got' | sftp -q -b - sibling >/dev/null; cmp sent got && echo same; "
                 "rsync -a sent sibling:/tmp/again; ssh sibling cmp /tmp/sent /tmp/again && echo synced", 90)


@action("nc both ways, ss")
def _(s):
    return s.run("set +m; (echo over | nc -l -N -p 9999 >in) & "
                 "until ss -tln | grep :9999 >/dev/null; do sleep 0.1; done; ss -tln | grep -c :9999; "
                 "echo there | nc -N 127.0.0.1 9999; wait; cat in; set -m")


@action("UNIX sockets")
def _(s):
    return s.run("python3 -c 'import socket,os;a,b=socket.socketpair();a.send(b\"x\");print(b.recv(1));"
                 "s=socket.socket(socket.AF_UNIX);s.bind(\"/tmp/u\");s.listen();"
                 "c=socket.socket(socket.AF_UNIX);c.connect(\"/tmp/u\");print(s.accept()[0]!=None)'")
