//! A threaded server that is its own client, and what else Rust's standard library does with threads and processes.
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

fn answer(stream: TcpStream, served: &AtomicUsize) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let sum: u64 = line?.split(' ').filter_map(|word| word.parse::<u64>().ok()).sum();
        writeln!(writer, "{}", sum)?;
        served.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn sockets() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let served = Arc::new(AtomicUsize::new(0));
    let server = {
        let served = served.clone();
        thread::spawn(move || {
            let workers: Vec<_> = (0..20)
                .map(|_| {
                    let (stream, _) = listener.accept().unwrap();
                    let served = served.clone();
                    thread::spawn(move || answer(stream, &served).unwrap())
                })
                .collect();
            workers.into_iter().for_each(|worker| worker.join().unwrap());
        })
    };
    let clients: Vec<_> = (0..20u64)
        .map(|n| {
            thread::spawn(move || {
                let stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut total = 0;
                for i in 0..10u64 {
                    let mut line = String::new();
                    writeln!(&stream, "{} {} 1", n, i).unwrap();
                    reader.read_line(&mut line).unwrap();
                    total += line.trim().parse::<u64>().unwrap();
                }
                stream.shutdown(Shutdown::Both).unwrap();
                total
            })
        })
        .collect();
    let total: u64 = clients.into_iter().map(|client| client.join().unwrap()).sum();
    server.join().unwrap();
    println!("clients: {} answers: {}", total, served.load(Ordering::Relaxed));

    let (mut left, mut right) = UnixStream::pair()?;
    right.set_read_timeout(Some(Duration::from_millis(30)))?;
    println!("timed out: {:?}", right.read(&mut [0; 1]).unwrap_err().kind());
    left.write_all(b"pair")?;
    drop(left);
    let mut text = String::new();
    right.read_to_string(&mut text)?;
    let udp = UdpSocket::bind("127.0.0.1:0")?;
    udp.send_to(b"datagram", udp.local_addr()?)?;
    let mut buffer = [0; 100];
    println!("{} {} {:?}", text, udp.recv(&mut buffer)?, TcpStream::connect("127.0.0.1:1").unwrap_err().kind());
    Ok(())
}

fn threads() {
    let (sender, receiver) = mpsc::sync_channel(4);
    let producers: Vec<_> = (0..4)
        .map(|n| {
            let sender = sender.clone();
            thread::Builder::new().name(format!("producer {}", n)).stack_size(64 << 10).spawn(move || {
                for i in 0..500 {
                    sender.send(n * 1000 + i).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    println!("received {}", receiver.iter().sum::<i32>());
    producers.into_iter().for_each(|producer| producer.unwrap().join().unwrap());

    let counts = RwLock::new(HashMap::new());
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for n in 0..8 {
            let (counts, barrier) = (&counts, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for i in 0..200 {
                    *counts.write().unwrap().entry((n + i) % 5).or_insert(0) += 1;
                }
                counts.read().unwrap().len()
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort();
    println!("counts {:?}", sorted);

    let state = Arc::new((Mutex::new(0), Condvar::new()));
    let other = state.clone();
    let turn = move |state: &(Mutex<i32>, Condvar), parity: i32| {
        for _ in 0..100 {
            let mut value = state.1.wait_while(state.0.lock().unwrap(), |value| *value % 2 != parity).unwrap();
            *value += 1;
            state.1.notify_all();
        }
    };
    let worker = thread::spawn(move || turn(&other, 1));
    turn(&state, 0);
    worker.join().unwrap();
    println!("turns {}", state.0.lock().unwrap());

    let start = Instant::now();
    let mut parked = 0;
    // A channel may have left a token, so that the first one returns at once.
    while start.elapsed() < Duration::from_millis(50) {
        thread::park_timeout(Duration::from_millis(50));
        parked += 1;
    }
    println!("parked {}", (1..100).contains(&parked));
    println!("short threads {}", (0..300).map(|n| thread::spawn(move || n % 2).join().unwrap()).sum::<i32>());
}

// Something the compiler knows nothing about.
fn opaque<T>(value: T) -> T {
    let copy = unsafe { std::ptr::read_volatile(&value) };
    std::mem::forget(value);
    copy
}

fn panics() {
    let result = thread::spawn(|| opaque(vec![1, 2])[opaque(7)]).join();
    println!("panicked: {}", result.unwrap_err().downcast_ref::<String>().unwrap());
    let poisoned = Arc::new(Mutex::new(1));
    let other = poisoned.clone();
    let _ = thread::spawn(move || {
        let _guard = other.lock().unwrap();
        panic!("with the lock");
    })
    .join();
    println!("poisoned: {}", poisoned.is_poisoned());
}

fn processes() -> std::io::Result<()> {
    let output = Command::new("sh").args(["-c", "echo out; echo err >&2; exit 5"]).output()?;
    println!("{:?} {:?} {:?}", output.status.code(), String::from_utf8_lossy(&output.stdout), output.stderr.len());
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(&vec![b'x'; 50000])?;
    println!("{}", child.wait_with_output()?.stdout.len());
    let mut sleeper = Command::new("sleep").arg("60").spawn()?;
    println!("{:?}", sleeper.try_wait()?);
    sleeper.kill()?;
    println!("{:?} {:?}", sleeper.wait()?.signal(), Command::new("/no/such/program").spawn().unwrap_err().kind());
    // A closure before exec makes the library fork instead of posix_spawn.
    let mut forked = Command::new("sh");
    unsafe { forked.args(["-c", "pwd"]).current_dir("/usr").pre_exec(|| Ok(())) };
    print!("{}", String::from_utf8_lossy(&forked.output()?.stdout));
    Ok(())
}

fn overflow(depth: usize) -> usize {
    let frame = opaque([depth; 512]);
    if depth == 0 { 0 } else { overflow(depth - 1) + frame[depth % 512] }
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("overflow") {
        println!("{}", overflow(usize::MAX >> 1));
    }
    std::panic::set_hook(Box::new(|_| {}));
    sockets().unwrap();
    threads();
    panics();
    processes().unwrap();
    let lost = Command::new(std::env::current_exe().unwrap()).arg("overflow").output().unwrap();
    println!("overflow: {:?} {}", lost.status.signal(), String::from_utf8_lossy(&lost.stderr).contains("overflowed its stack"));
    println!("ended");
}
