# Networks and namespaces that containers share.
# shellcheck shell=bash disable=SC2016,SC2154

web() { networked "$1" "${@:2}" bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www -p 80'; }
published_port() { web w1 -p 18080:80; in_time says served curl -sf http://127.0.0.1:18080/; }
random_port() { web w1 -P --expose 80; in_time says served curl -sf "http://$(docker port w1 80 | head -1)/"; }
udp_port() { # a program that sends back what it gets
  cat >echo.c <<'C'
#include <netinet/in.h>
int main(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)}, from;
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  char text[100];
  for (long n = bind(udp, (struct sockaddr*)&at, sizeof at); n >= 0;) {
    socklen_t size = sizeof from;
    n = recvfrom(udp, text, sizeof text, 0, (struct sockaddr*)&from, &size);
    n = sendto(udp, text, n, 0, (struct sockaddr*)&from, size);
  }
}
C
  cc -static -o echo echo.c
  networked w1 -p 18053:53/udp -v "$PWD/echo:/bin/udp-echo" bb udp-echo
  in_time says datagram python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
s.sendto(b"datagram", ("127.0.0.1", 18053)); print(s.recv(100))'
}
by_address() { web w1; in_time says served run bb wget -qO- "http://$(inspect w1 '{{.NetworkSettings.IPAddress}}')/"; }
names_on_network() { docker network create n1; web srv --network n1; in_time says served run --network n1 bb wget -qO- http://srv/; }
alias_on_network() { docker network create n1; web srv --network n1 --network-alias other; in_time says served run --network n1 bb wget -qO- http://other/; }
link_works() { web srv; in_time says served run --link srv:db bb wget -qO- http://db/; }
networks_are_apart() {
  docker network create n1
  docker network create n2
  web srv --network n1
  in_time docker exec srv wget -qO- http://127.0.0.1/
  fails_saying '' run --network n2 bb wget -T 2 -qO- "http://$(inspect srv '{{.NetworkSettings.Networks.n1.IPAddress}}')/"
}
connect_later() {
  docker network create n1
  web srv
  docker network connect n1 srv
  says eth1 docker exec srv ip addr
  docker network disconnect n1 srv
  fails_saying eth1 docker exec srv ip addr show eth1
}
fixed_address() { docker network create --subnet 10.77.0.0/24 n1; says 10.77.0.9 run --network n1 --ip 10.77.0.9 bb ip addr; }
internal_network() { docker network create --internal n1; fails_saying '' run --network n1 bb ping -c 1 -W 1 10.99.99.99; }
ping_gateway() { run bb sh -c 'ping -c 1 -W 2 $(ip route | sed -n "s/^default via \\([^ ]*\\).*/\\1/p")'; }
share_network() {
  networked sn bb sleep 60
  [ "$(run --network container:sn bb hostname -i)" = "$(docker exec sn hostname -i)" ]
}
share_pids() { start sp bb sleep 63; says 'sleep 63' plain --pid container:sp bb ps; }
share_ipc() {
  start si --ipc shareable bb sh -c 'echo x >/dev/shm/mark; sleep 60'
  in_time docker exec si test -e /dev/shm/mark
  plain --ipc container:si bb test -e /dev/shm/mark
}
host_port() {
  networked hp --network host bb sh -c 'mkdir /www; echo hosted >/www/index.html; httpd -f -h /www -p 18099'
  in_time says hosted curl -sf http://127.0.0.1:18099/
}
after_restart() { web w1 -p 18081:80; docker restart -t 1 w1; in_time docker exec w1 true; docker exec w1 ip addr | grep -q eth0; }

checks_network() {
  check "bridge" says eth0 run bb ip addr
  check "bridge: ping" ping_gateway
  check "host" says docker0 run --network host bb ip link
  check "host: a port" host_port
  check "none" says 'lo:' plain bb ip link
  check "none: only lo" fails_saying eth0 plain bb ip link show eth0
  check "published port" published_port
  check "published port by chance" random_port
  check "published port, UDP" udp_port
  check "by address" by_address
  check "names" names_on_network
  check "aliases" alias_on_network
  check "links" link_works
  check "networks are apart" networks_are_apart
  check "connected later" connect_later
  check "a fixed address" fixed_address
  check "a network without a way out" internal_network
  check "a fixed MAC address" says 02:42:ac:11:00:99 run --mac-address 02:42:ac:11:00:99 bb ip link
  check "network of a container" share_network
  check "pids of a container" share_pids
  check "ipc of a container" share_ipc
  check "after a restart" after_restart
  check "extra hosts" says 10.9.8.7 run --add-host there:10.9.8.7 bb cat /etc/hosts
  check "dns" says 9.9.9.9 run --dns 9.9.9.9 bb cat /etc/resolv.conf
  check "dns search" says example.test run --dns-search example.test bb cat /etc/resolv.conf
  check "/etc/hostname" says box run --hostname box bb cat /etc/hostname
}
