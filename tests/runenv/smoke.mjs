// What programs expect of a Node.js that is whole. Ends with "all passed".
import assert from "node:assert";
import { execFile, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import tls from "node:tls";
import { Worker } from "node:worker_threads";
import zlib from "node:zlib";

const checks = {
  version: () => assert.match(process.version, /^v20\./),
  "runs under km": () => assert.match(os.release(), /\.kontain$/),
  digests: () => assert.match(crypto.createHash("sha256").digest("hex"), /^e3b0c442/),
  "key derivation": async () => assert.equal((await promisify(crypto.scrypt)("p", "s", 32)).length, 32),
  certificates: () => assert(tls.rootCertificates.length > 50),
  compression: async () => {
    const data = crypto.randomBytes(100_000);
    assert.deepEqual(await promisify(zlib.gunzip)(await promisify(zlib.gzip)(data)), data);
    assert.deepEqual(zlib.brotliDecompressSync(zlib.brotliCompressSync(data)), data);
  },
  files: async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "smoke-"));
    await fs.writeFile(path.join(folder, "f"), "text");
    assert.equal(await fs.readFile(path.join(folder, "f"), "utf8"), "text");
    assert.deepEqual(await fs.readdir(folder), ["f"]);
    await fs.rm(folder, { recursive: true });
  },
  "HTTP, many at once": async () => {
    const server = http.createServer(async (request, response) => pipeline(request, response)).listen(0, "127.0.0.1");
    await new Promise((done) => server.on("listening", done));
    const url = `http://127.0.0.1:${server.address().port}/`;
    const answers = await Promise.all([...Array(50).keys()].map(async (i) => (await fetch(url, { method: "POST", body: `${i}` })).text()));
    assert.deepEqual(answers, [...Array(50).keys()].map(String));
    server.closeAllConnections();
    server.close();
  },
  sockets: async () => {
    const server = net.createServer((peer) => peer.end("hello")).listen(0, "127.0.0.1");
    await new Promise((done) => server.on("listening", done));
    let text = "";
    for await (const part of net.connect(server.address().port, "127.0.0.1")) text += part;
    assert.equal(text, "hello");
    server.close();
  },
  workers: async () => {
    const code = "const { parentPort, workerData } = require('worker_threads'); parentPort.postMessage(workerData * 2)";
    const answers = await Promise.all([1, 2, 3, 4].map((n) => new Promise((done) => new Worker(code, { eval: true, workerData: n }).on("message", done))));
    assert.deepEqual(answers, [2, 4, 6, 8]);
  },
  processes: async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["-p", "6*7"]);
    assert.equal(stdout.trim(), "42");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    setTimeout(() => child.kill("SIGTERM"), 200);
    assert.equal((await new Promise((done) => child.on("exit", (code, signal) => done(signal)))), "SIGTERM");
  },
  WebAssembly: async () => {
    const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11);
    const { instance } = await WebAssembly.instantiate(bytes);
    assert.equal(instance.exports.add(40, 2), 42);
  },
  "garbage collection": () => {
    let kept = 0;
    for (let i = 0; i < 200; i++) kept += Array(10_000).fill(i).length;
    assert.equal(kept, 2_000_000);
  },
  "time zones": () => assert.equal(new Date("2026-07-01T10:00:00Z").toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin" }), "12:00:00"),
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}: ${error.stack}`);
  }
}
console.log(failed === 0 ? "all passed" : "FAILED");
process.exit(failed === 0 ? 0 : 1);
