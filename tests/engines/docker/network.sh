# Networks and namespaces that containers share.
# shellcheck shell=bash disable=SC2016

web() { networked "$1" "${@:2}" bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www -p 80'; }
published_port() { web w -p 18080:80; in_time says served curl -sf http://127.0.0.1:18080/; }
random_port() { web w -P --expose 80; in_time says served curl -sf "http://$(docker port w 80 | head -1)/"; }
udp_port() {
  networked w -p 18053:53/udp bb sh -c 'nc -u -l -p 53 >/got'
  sleep 1
  for _ in 1 2 3; do echo datagram | nc -u -w 1 127.0.0.1 18053; done
  in_time says datagram docker exec w cat /got
}
by_address() { web w; in_time says served run bb wget -qO- "http://$(inspect w '{{.NetworkSettings.IPAddress}}')/"; }
names_on_network() { docker network create n1; web srv --network n1; in_time says served run --network n1 bb wget -qO- http://srv/; }
alias_on_network() { docker network create n1; web srv --network n1 --network-alias other; in_time says served run --network n1 bb wget -qO- http://other/; }
link_works() { web srv; in_time says served run --link srv:db bb wget -qO- http://db/; }
networks_are_apart() {
  docker network create n1
  docker network create n2
  web srv --network n1
  in_time docker exec srv wget -qO- http://127.0.0.1/
  status 1 run --network n2 bb wget -T 2 -qO- "http://$(inspect srv '{{.NetworkSettings.Networks.n1.IPAddress}}')/"
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
internal_network() { docker network create --internal n1; fails_saying '' run --network n1 bb ping -c 1 -W 1 172.17.0.1; }
ping_gateway() { run bb ping -c 1 -W 2 "$(docker network inspect bridge -f '{{(index .IPAM.Config 0).Gateway}}')"; }
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
after_restart() { web w -p 18081:80; docker restart -t 1 w; in_time docker exec w true; docker exec w ip addr | grep -q eth0; }

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
