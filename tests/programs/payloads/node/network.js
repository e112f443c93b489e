// An HTTP server and its clients, sockets of other kinds, streams.
'use strict';
const http = require('http');
const net = require('net');
const dgram = require('dgram');
const { pipeline } = require('stream/promises');
const zlib = require('zlib');
const fs = require('fs');

function listen(server, ...where) {
  return new Promise((resolve) => server.listen(...where, () => resolve(server.address())));
}

async function main() {
  const server = http.createServer((request, response) => {
    let size = 0;
    request.on('data', (data) => { size += data.length; });
    request.on('end', () => response.end(`${request.method} ${request.url} ${size}`));
  });
  const { port } = await listen(server, 0, '127.0.0.1');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
  const ask = (n) => new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path: `/${n}`, method: 'POST', agent }, (response) => {
      let text = '';
      response.on('data', (data) => { text += data; });
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end(Buffer.alloc(n * 100));
  });
  const answers = await Promise.all([...Array(200).keys()].map(ask));
  console.log(answers.length, answers[0], answers[199]);
  const fetched = await Promise.all([1, 2, 3].map(async (n) => (await fetch(`http://127.0.0.1:${port}/fetch${n}`)).text()));
  console.log(fetched.join(', '));
  agent.destroy();
  server.closeAllConnections();
  server.close();

  const upper = net.createServer((socket) => socket.on('data', (data) => socket.end(String(data).toUpperCase())));
  await listen(upper, 'socket');
  const client = net.connect('socket', () => client.write('over a local socket'));
  console.log(String(await new Promise((resolve) => client.on('data', resolve))));
  upper.close();
  const datagram = dgram.createSocket('udp4');
  await new Promise((resolve) => datagram.bind(0, '127.0.0.1', resolve));
  datagram.send('datagram', datagram.address().port, '127.0.0.1');
  console.log(String(await new Promise((resolve) => datagram.on('message', resolve))));
  datagram.close();
  net.connect(1, '127.0.0.1').on('error', (error) => console.log(error.code));

  fs.writeFileSync('plain', 'text '.repeat(100000));
  await pipeline(fs.createReadStream('plain'), zlib.createGzip(), fs.createWriteStream('packed'));
  await pipeline(fs.createReadStream('packed'), zlib.createGunzip(), fs.createWriteStream('unpacked'));
  console.log(fs.readFileSync('plain').equals(fs.readFileSync('unpacked')));
  const watcher = fs.watch('.');
  setTimeout(() => fs.writeFileSync('watched', ''), 50);
  await new Promise((resolve) => watcher.on('change', resolve));
  watcher.close();
  console.log('network ended');
}
main();
