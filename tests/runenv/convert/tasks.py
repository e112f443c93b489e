"""A client and a server in one event loop, threads, and programs that are started."""
import asyncio
import concurrent.futures
import decimal
import sys


async def echo(reader, writer):
    writer.write((await reader.readline()).upper())
    writer.close()


async def ask(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()


async def child(number):
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", f"print({number} ** 2)",
                                                   stdout=asyncio.subprocess.PIPE)
    return int((await process.communicate())[0])


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port, f"client {i}") for i in range(20)))
    squares = await asyncio.gather(*(child(i) for i in range(4)))
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        roots = list(threads.map(lambda n: str(decimal.Decimal(n).sqrt())[:6], range(2, 6)))
    print(answers[0], len(answers), squares, roots)


asyncio.run(main())
