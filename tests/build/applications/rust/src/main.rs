//! Answers every request with numbers as text, made by two libraries of Debian's.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn facts(count: u64) -> String {
    let (mut whole, mut real) = (itoa::Buffer::new(), ryu::Buffer::new());
    format!("{{\"count\":{},\"half\":{}}}", whole.format(count), real.format(count as f64 / 2.0))
}

fn answer(mut connection: TcpStream, count: u64) -> std::io::Result<()> {
    let mut request = [0u8; 4096];
    let _ = connection.read(&mut request)?;
    let body = facts(count);
    write!(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", body.len(), body)
}

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("0.0.0.0:8080")?;
    for (count, connection) in listener.incoming().enumerate() {
        let _ = answer(connection?, count as u64 + 1);
    }
    Ok(())
}

#[test]
fn numbers() {
    assert_eq!(facts(3), "{\"count\":3,\"half\":1.5}");
}
