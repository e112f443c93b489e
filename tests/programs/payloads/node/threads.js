// Worker threads: messages, shared memory, atomics, an error, a worker that is terminated.
'use strict';
const { Worker, isMainThread, parentPort, workerData, threadId } = require('worker_threads');

function work() {
  const counter = new Int32Array(workerData.shared);
  for (let i = 0; i < 1000; i++) Atomics.add(counter, 0, 1);
  if (workerData.n === 0) {
    Atomics.wait(counter, 1, 0, 20000);
    Atomics.store(counter, 2, 7);
  } else {
    Atomics.add(counter, 1, 1);
    Atomics.notify(counter, 1);
  }
  const local = [];
  for (let i = 0; i < 20000; i++) local.push({ i });
  parentPort.postMessage({ n: workerData.n, length: local.length, text: 'x'.repeat(100000).length });
}

async function main() {
  const shared = new SharedArrayBuffer(64);
  const counter = new Int32Array(shared);
  const answers = await Promise.all([0, 1, 2, 3, 4].map((n) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { shared, n } });
    worker.on('error', reject);
    worker.on('message', resolve);
  })));
  console.log(answers.map((answer) => `${answer.n}:${answer.length}:${answer.text}`).join(' '));
  console.log('counter', counter[0], 'woken', counter[2], 'thread', threadId);
  const failing = new Worker('throw new TypeError("in the worker")', { eval: true });
  console.log((await new Promise((resolve) => failing.on('error', resolve))).message);
  const endless = new Worker('for (;;);', { eval: true });
  await new Promise((resolve) => endless.on('online', resolve));
  console.log('terminated', await endless.terminate());
  const limited = new Worker('const all = []; for (;;) all.push(new Array(1000).fill(0))',
    { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  console.log((await new Promise((resolve) => limited.on('error', resolve))).code);
  console.log('threads ended');
}

if (isMainThread) main(); else work();
