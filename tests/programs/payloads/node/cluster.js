// A cluster: processes that share one listening socket, which travels to them as a message.
'use strict';
const cluster = require('cluster');
const http = require('http');

async function primary() {
  cluster.setupPrimary({ serialization: 'advanced' });
  const workers = [cluster.fork(), cluster.fork()];
  const ports = await Promise.all(workers.map((worker) => new Promise((resolve) =>
    worker.on('listening', ({ port }) => resolve(port)))));
  console.log('one port', ports[0] === ports[1]);
  const seen = new Set();
  for (let n = 0; n < 40; n++) {
    const response = await fetch(`http://127.0.0.1:${ports[0]}/`, { headers: { connection: 'close' } });
    seen.add(await response.text());
  }
  console.log('workers seen', seen.size);
  const ended = workers.map((worker) => new Promise((resolve) =>
    worker.on('exit', (code, signal) => resolve(signal || code))));
  workers[0].kill('SIGKILL');
  workers[1].send('stop');
  console.log((await Promise.all(ended)).join(' '));
  console.log('cluster ended');
}

if (cluster.isPrimary) {
  primary();
} else {
  http.createServer((_, response) => response.end(String(process.pid))).listen(0, '127.0.0.1');
  process.on('message', () => process.exit(6));
}
