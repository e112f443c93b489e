use strict;
use warnings;
use Fcntl qw(:flock);
use IO::Socket::INET;
use IPC::Open3;
use POSIX qw(:sys_wait_h);
use Socket;
use Time::HiRes qw(sleep alarm);

$| = 1;

# Children, their statuses and what they write into pipes.
my %result;
for my $n (1 .. 4) {
  pipe(my $reader, my $writer) or die "pipe: $!";
  my $pid = fork() // die "fork: $!";
  if ($pid == 0) {
    close $reader;
    print $writer join(",", map { $_ * $n } 1 .. 1000);
    close $writer;
    exit $n;
  }
  close $writer;
  my @numbers = split /,/, do { local $/; <$reader> };
  waitpid($pid, 0) == $pid or die "waitpid: $!";
  $result{$n} = [scalar @numbers, $numbers[-1], $? >> 8];
}
print "child $_: @{$result{$_}}\n" for sort keys %result;

# A socket pair, and a server on the loopback interface.
socketpair(my $left, my $right, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
if (!fork()) {
  close $left;
  while (<$right>) { print $right scalar reverse($_ =~ s/\n//r), "\n"; $right->flush }
  exit 0;
}
close $right;
for my $word (qw(alpha beta)) {
  print $left "$word\n";
  $left->flush;
  print "answer: ", scalar <$left>;
}
close $left;
wait();

my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", ReuseAddr => 1) or die "listen: $!";
my $port = $server->sockport;
my @clients;
for my $n (1 .. 3) {
  my $pid = fork();
  if (!$pid) {
    my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die "connect: $!";
    print $socket "client $n\n";
    my $answer = <$socket>;
    exit($answer eq "hello client $n\n" ? 0 : 1);
  }
  push @clients, $pid;
}
for (@clients) {
  my $connection = $server->accept or die "accept: $!";
  my $line = <$connection>;
  print $connection "hello $line";
  close $connection;
}
print "client ended with ", (waitpid($_, 0), $? >> 8)[1], "\n" for @clients;

# Signals: handlers, an interrupted sleep, a time limit around a slow read, a child that is killed.
my @seen;
local $SIG{USR1} = sub { push @seen, "USR1" };
kill USR1 => $$ for 1 .. 3;
print "signals: @seen\n";
my $before = "not interrupted";
eval {
  local $SIG{ALRM} = sub { die "alarm\n" };
  alarm 0.2;
  pipe(my $never, my $open) or die;
  readline $never;
};
print "slow read: $@";
my $sleeper = fork() || do { $SIG{TERM} = 'DEFAULT'; sleep 60; exit };
kill TERM => $sleeper;
waitpid $sleeper, 0;
print "killed by ", WTERMSIG($?), "\n";
local $SIG{CHLD} = sub { 1 while waitpid(-1, WNOHANG) > 0 };
fork() || exit 0 for 1 .. 3;
sleep 0.05 while waitpid(-1, WNOHANG) >= 0;
$SIG{CHLD} = 'DEFAULT';

# Other programs.
print "output: ", `echo quoted; exit 3`, "status: ", $? >> 8, "\n";
open my $sort, "-|", "sort", "-n", "numbers" or die "sort: $!" if write_numbers();
print "sorted: ", scalar <$sort>;
close $sort;
my $pid = open3(my $in, my $out, undef, "tr", "a-z", "A-Z");
print $in "through a filter\n";
close $in;
print <$out>;
waitpid $pid, 0;
system "true";
print "system: $?\n";
system { "/no/such/program" } "x" or 1;
print "missing: ", $! + 0, "\n";

sub write_numbers {
  open my $file, ">", "numbers" or die;
  print $file $_ * 7919 % 10007, "\n" for 1 .. 5000;
  return close $file;
}

# A lock that is handed from one process to the next.
open my $counter, "+>", "counter" or die;
print $counter "0";
close $counter;
for (1 .. 4) {
  fork() and next;
  for (1 .. 25) {
    open my $file, "+<", "counter" or die;
    flock $file, LOCK_EX;
    my $value = <$file>;
    seek $file, 0, 0;
    print $file $value + 1;
    close $file;
  }
  exit 0;
}
1 while wait() > 0;
open $counter, "<", "counter" or die;
print "counted to ", scalar <$counter>, "\n";

my @lines = map { sprintf "%06d %s", $_ * 7919 % 100003, "x" x ($_ % 17) } 1 .. 50000;
my @sorted = sort { substr($b, 7) cmp substr($a, 7) || $a cmp $b } @lines;
my %index = map { $_ => 1 } @lines;
print "$sorted[0] $sorted[-1] ", scalar(keys %index), "\n";
my ($user, $system) = times;
print "times: ", ($user > 0 ? "ok" : "none"), "\n";
print "the script ended\n";
