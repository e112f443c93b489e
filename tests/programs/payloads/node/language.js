// What the engine does with memory: generated code, garbage, WebAssembly, deep recursion, big buffers.
'use strict';
const fs = require('fs');
const zlib = require('zlib');
const crypto = require('crypto');

function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
console.log('fib', fib(25));

let kept = new Map();
for (let round = 0; round < 5; round++) {
  for (let i = 0; i < 50000; i++) kept.set(i % 1000, { round, i, text: 'x'.repeat(i % 50) });
}
console.log('kept', kept.size, kept.get(7).i);

// (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
//   (memory (export "memory") 1) )
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1,
  7, 16, 2, 3, 97, 100, 100, 0, 0, 6, 109, 101, 109, 111, 114, 121, 2, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm));
let sum = 0;
for (let i = 0; i < 100000; i++) sum = instance.exports.add(sum, i);
console.log('wasm', sum, instance.exports.memory.grow(10), instance.exports.memory.buffer.byteLength);

let depth = 0;
function recurse() { depth++; recurse(); }
try { recurse(); } catch (error) { console.log(error.name, depth > 1000); }

const big = Buffer.alloc(32 << 20, 'kontain');
console.log(crypto.createHash('sha256').update(big).digest('hex').slice(0, 16));
const packed = zlib.gzipSync(big.subarray(0, 1 << 20));
console.log(zlib.gunzipSync(packed).equals(big.subarray(0, 1 << 20)));
console.log([..."kontain"].sort().join(''), /(?<year>\d{4})/u.exec('in 2024').groups.year, 2n ** 100n);
console.log(new Intl.NumberFormat('de').format(1234567.8), new Date(0).toISOString());

async function main() {
  await fs.promises.writeFile('file', 'line\n'.repeat(1000));
  const names = await Promise.all([...Array(50).keys()].map(async (n) => {
    await fs.promises.writeFile(`file${n}`, String(n));
    return fs.promises.readFile(`file${n}`, 'utf8');
  }));
  console.log(names.length, names[49], (await fs.promises.stat('file')).size);
  await fs.promises.readFile('/no/such/file').catch((error) => console.log(error.message));
  const keys = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => new Promise((resolve) =>
    crypto.pbkdf2('password', `salt${n}`, 2000, 16, 'sha512', (_, key) => resolve(key.toString('hex'))))));
  console.log(keys[0], keys.length);
  const order = [];
  await Promise.all([30, 10, 20].map((ms) => new Promise((resolve) => setTimeout(() => { order.push(ms); resolve(); }, ms * 5))));
  console.log('timers', order);
  console.log('language ended');
}
main();
