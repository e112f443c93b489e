"""name_server.py ADDRESS: answers every question about a name with 192.0.2.77 (RFC 1035), once it has said `listening`."""

import socket
import sys

QUESTION = 12  # where it starts: behind the header
TYPE_A = 1
ANSWER = bytes.fromhex("c00c 0001 0001 0000003c 0004") + bytes([192, 0, 2, 77])


def reply(query: bytes) -> bytes:
    end = QUESTION
    while query[end]:
        end += query[end] + 1
    end += 5  # the name's last byte, type and class
    has_answer = int.from_bytes(query[end - 4 : end - 2], "big") == TYPE_A
    counts = bytes([0, 1, 0, has_answer, 0, 0, 0, 0])
    return query[:2] + b"\x81\x80" + counts + query[QUESTION:end] + (ANSWER if has_answer else b"")


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((sys.argv[1], 53))
        print("listening", flush=True)
        while True:
            query, sender = server.recvfrom(4096)
            server.sendto(reply(query), sender)


main()
