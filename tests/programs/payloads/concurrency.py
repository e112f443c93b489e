"""concurrency.py PART: what Python programs do with threads, processes, event loops and signals."""
import asyncio
import concurrent.futures
import ctypes
import hashlib
import multiprocessing
import multiprocessing.shared_memory
import os
import queue
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


def threads():
    counter, lock = [0], threading.Lock()

    def count():
        for _ in range(2000):
            with lock:
                counter[0] += 1

    workers = [threading.Thread(target=count) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("counted to", counter[0])

    jobs, results = queue.Queue(), queue.Queue()

    def work():
        while (job := jobs.get()) is not None:
            results.put(hashlib.sha256(b"%d" % job * 100000).hexdigest()[:8])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for job in list(range(20)) + [None] * 4:
        jobs.put(job)
    for worker in workers:
        worker.join()
    print(sorted(results.queue))

    barrier, order = threading.Barrier(5), []

    def wait():
        order.append("before")
        barrier.wait()
        order.append("after")

    workers = [threading.Thread(target=wait) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(order == ["before"] * 5 + ["after"] * 5)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        print(sum(pool.map(lambda n: n * n, range(200))))
    event = threading.Event()
    threading.Timer(0.1, event.set).start()
    print("event:", event.wait(20), "timed out:", not threading.Event().wait(0.05))
    local = threading.local()
    local.value = "main"
    other = threading.Thread(target=lambda: print("thread-local:", hasattr(local, "value")))
    other.start()
    other.join()
    short = [threading.Thread(target=lambda: None) for _ in range(200)]
    for thread in short:
        thread.start()
        thread.join()
    print("native ids differ:", len({t.native_id for t in short[:3]} | {os.getpid()}) > 1, threading.active_count())

    def deep(n):
        return 0 if n == 0 else 1 + deep(n - 1)

    threading.stack_size(64 << 20)
    sys.setrecursionlimit(20000)
    thread = threading.Thread(target=lambda: print("deep:", deep(10000)))
    thread.start()
    thread.join()


def processes():
    print(subprocess.run(["sort", "-rn"], input="1\n3\n2\n", text=True, capture_output=True).stdout.split())
    print(subprocess.run("echo out; echo err >&2; exit 7", shell=True, capture_output=True))
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    print(len(child.communicate(b"x" * 300000)[0]), child.returncode)
    try:
        subprocess.run(["sleep", "60"], timeout=0.2)
    except subprocess.TimeoutExpired as error:
        print("timed out:", error.cmd)
    child = subprocess.Popen(["sleep", "60"])
    child.terminate()
    print("terminated:", child.wait())
    for command in ("/no/such/program", "/etc/passwd", "/"):
        try:
            subprocess.run([command])
        except OSError as error:
            print(error)
    print(subprocess.check_output(["pwd"], cwd="/usr/share"), subprocess.check_output(["env"], env={"A": "1"}))
    first = subprocess.Popen(["seq", "1", "1000"], stdout=subprocess.PIPE)
    print(subprocess.check_output(["wc", "-l"], stdin=first.stdout))
    first.stdout.close()
    first.wait()
    children = [subprocess.Popen([sys.executable, "-c", "import sys; sys.exit(%d)" % n]) for n in range(5)]
    print([child.wait() for child in children])
    done = subprocess.run(["sh", "-c", "ulimit -n; ps -o sid= -p $$ | grep -c ."], capture_output=True,
                          start_new_session=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99)))
    print(done.stdout.split())
    read, write = os.pipe()
    with subprocess.Popen(["sh", "-c", "echo passed >&%d" % write], pass_fds=[write]):
        os.close(write)
        print(os.read(read, 100))
    pid = os.fork()
    if pid == 0:
        os.execvp("sh", ["sh", "-c", "kill -9 $$"])
    print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    pid = os.posix_spawn("/bin/echo", ["echo", "spawned"], {}, file_actions=[(os.POSIX_SPAWN_CLOSE, 0)])
    print(os.waitid(os.P_PID, pid, os.WEXITED).si_status)
    child = subprocess.Popen(["sleep", "0.1"])
    pidfd = os.pidfd_open(child.pid)
    selector = selectors.PollSelector()
    selector.register(pidfd, selectors.EVENT_READ)
    print("by descriptor:", len(selector.select(20)), os.waitid(os.P_PIDFD, pidfd, os.WEXITED).si_status)
    child.wait()
    print(os.system("exit 3") >> 8, os.popen("echo popen").read().strip())
    with tempfile.TemporaryFile() as file:
        subprocess.run(["echo", "to a file"], stdout=file)
        file.seek(0)
        print(file.read())
    many = 0
    for _ in range(30):
        pid = os.fork()
        if pid == 0:
            os._exit(1)
        many += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print("forked", many)


def square(n):
    return n * n, os.getpid() != parent


def add(total, lock, array, n):
    for _ in range(100):
        with lock:
            total.value += 1
    array[n] = n


def echo(connection):
    while (message := connection.recv()) != "end":
        connection.send(message * 2)


def produce(channel, n):
    channel.put((n, "x" * n * 1000))


def run_multiprocessing():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2 if method != "fork" else 4, initializer=set_parent, initargs=(os.getpid(),)) as pool:
            print(method, pool.map(square, range(6)))
    context = multiprocessing.get_context("fork")
    total, lock, array = context.Value("i", 0), context.Lock(), context.Array("i", 4)
    workers = [context.Process(target=add, args=(total, lock, array, n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(total.value, list(array), [worker.exitcode for worker in workers])
    ours, theirs = context.Pipe()
    child = context.Process(target=echo, args=(theirs,))
    child.start()
    for message in (1, "ab", [3], "end"):
        ours.send(message)
        if message != "end":
            print(ours.recv())
    child.join()
    channel = context.Queue()
    workers = [context.Process(target=produce, args=(channel, n)) for n in range(5)]
    for worker in workers:
        worker.start()
    print(sorted((n, len(text)) for n, text in (channel.get(timeout=60) for _ in workers)))
    for worker in workers:
        worker.join()
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=4096)
    child = context.Process(target=lambda: memory.buf.__setitem__(slice(0, 6), b"shared"))
    child.start()
    child.join()
    print(bytes(memory.buf[:6]))
    memory.close()
    memory.unlink()
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        print(list(pool.map(pow, range(5), [2] * 5)))
    child = context.Process(target=time.sleep, args=(60,))
    child.start()
    child.terminate()
    child.join()
    print("terminated:", child.exitcode)


def set_parent(pid):
    global parent
    parent = pid


def events():
    async def main():
        async def serve(reader, writer):
            while line := await reader.readline():
                writer.write(line.upper())
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def ask(n):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            answers = []
            for i in range(5):
                writer.write(b"client %d line %d\n" % (n, i))
                answers.append(await reader.readline())
            writer.close()
            return answers[-1]

        answers = await asyncio.gather(*(ask(n) for n in range(50)))
        print(len(answers), sorted(answers)[0], sorted(answers)[-1])
        server.close()
        child = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        print((await child.communicate(b"shout"))[0], child.returncode)
        children = [await asyncio.create_subprocess_shell("sleep 0.%d; exit %d" % (n, n)) for n in range(4)]
        print(await asyncio.gather(*(child.wait() for child in children)))
        try:
            await asyncio.wait_for(asyncio.sleep(60), 0.1)
        except asyncio.TimeoutError:
            print("timed out")
        print(await asyncio.to_thread(sum, range(1000)), await asyncio.get_running_loop().run_in_executor(None, len, "abc"))
        print(sorted(await asyncio.gather(*(asyncio.sleep(0.01 * n, n) for n in range(10)))))
        seen = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, seen.set)
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(seen.wait(), 20)
        print("signal in the loop")

    asyncio.run(main())
    for kind in (selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector):
        left, right = socket.socketpair()
        with kind() as selector:
            selector.register(right, selectors.EVENT_READ, "data")
            empty = selector.select(0.01)
            left.send(b"x")
            print(kind.__name__, empty, [key.data for key, _ in selector.select(10)])
    left, right = socket.socketpair()
    socket.send_fds(left, [b"here"], [os.open("/usr", os.O_RDONLY)])
    message, fds, _, _ = socket.recv_fds(right, 100, 1)
    print(message, "share" in os.listdir(fds[0]))
    udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for end in udp:
        end.bind(("127.0.0.1", 0))
    udp[0].sendto(b"datagram", udp[1].getsockname())
    print(udp[1].recvfrom(100)[0])


def signals():
    seen = []
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGCHLD, signal.SIGRTMIN + 3):
        signal.signal(number, lambda n, _: seen.append(signal.Signals(n).name if n < 32 else n))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR2)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    start = time.monotonic()
    time.sleep(0.3)
    print(seen, time.monotonic() - start >= 0.3)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    os.kill(os.getpid(), signal.SIGUSR1)
    print(sorted(signal.sigpending()), seen.count("SIGUSR1"))
    print(signal.sigtimedwait([signal.SIGUSR1], 5).si_signo, signal.sigtimedwait([signal.SIGUSR1], 0.05))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
    signal.pthread_kill(threading.get_ident(), signal.SIGRTMIN + 3)
    print(seen[-1])
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    print(seen[-1])
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    worker = threading.Thread(target=lambda: (time.sleep(0.1), os.kill(os.getpid(), signal.SIGUSR2)))
    worker.start()
    print(os.read(read, 1) == bytes([signal.SIGUSR2]))  # restarted or not: Python reads again
    worker.join()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        print("interrupted")
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGRTMAX):
        pid = os.fork()
        if pid == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGABRT, signal.SIG_DFL)
            if number == signal.SIGSEGV:
                ctypes.string_at(8)
            os.kill(os.getpid(), number)
            time.sleep(30)
        print(int(number), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
    os.kill(pid, signal.SIGSTOP)
    print("stopped:", os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]))
    os.kill(pid, signal.SIGCONT)
    print("continued:", os.WIFCONTINUED(os.waitpid(pid, os.WCONTINUED)[1]))
    os.kill(pid, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    subprocess.run([sys.executable, "-X", "faulthandler", "-c", "import ctypes; ctypes.string_at(0)"],
                   stderr=subprocess.PIPE, check=False).stderr.decode().splitlines()[0:1] and print("fault handler")


parent = os.getpid()
parts = {"threads": threads, "processes": processes, "multiprocessing": run_multiprocessing, "events": events,
         "signals": signals}
if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    parts[sys.argv[1]]()
    print(sys.argv[1], "ended")
