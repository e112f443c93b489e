// A web service of Node.js's own modules, with the work in a worker thread: GET /stop ends it.
'use strict';
const http = require('http');
const { Worker, isMainThread, parentPort } = require('worker_threads');

if (isMainThread) {
  const worker = new Worker(__filename);
  const waiting = [];
  worker.on('message', (line) => waiting.shift()(line));
  const server = http.createServer(async (request, response) => {
    const line = await new Promise((resolve) => {
      waiting.push(resolve);
      worker.postMessage(request.url);
    });
    response.end(line);
    if (request.url === '/stop') {
      server.close();
      worker.terminate();
    }
  });
  server.listen(8080);
} else {
  let visitors = 0;
  parentPort.on('message', (url) => {
    parentPort.postMessage(url === '/stop' ? 'stopping\n' : `hello from Node.js, visitor ${++visitors}\n`);
  });
}
