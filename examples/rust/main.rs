// Threads and channels in a kontainer: Rust's own static executable, nothing compiled for Kontain.
use std::sync::mpsc;
use std::thread;

fn main() {
    let (sender, receiver) = mpsc::channel();
    for n in 1..=10u64 {
        let sender = sender.clone();
        thread::spawn(move || sender.send(n * n * n).expect("somebody listens"));
    }
    drop(sender);
    println!("the cubes of 1 to 10 are {} together", receiver.iter().sum::<u64>());
}
