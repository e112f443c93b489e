// Child processes of every kind, signals in both directions.
'use strict';
const { exec, execFileSync, fork, spawn, spawnSync } = require('child_process');
const util = require('util');

async function main() {
  console.log(execFileSync('sort', ['-rn'], { input: '1\n3\n2\n' }).toString().split('\n').join(' '));
  const failed = spawnSync('sh', ['-c', 'echo out; echo err >&2; exit 4']);
  console.log(failed.status, String(failed.stdout).trim(), String(failed.stderr).trim());
  console.log((await util.promisify(exec)('seq 1 100 | tail -n 1')).stdout.trim());
  await util.promisify(exec)('exit 3').catch((error) => console.log('code', error.code));
  console.log(spawnSync('/no/such/program').error.code, spawnSync('sleep', ['60'], { timeout: 200 }).error.code);
  const cat = spawn('cat');
  let size = 0;
  cat.stdout.on('data', (data) => { size += data.length; });
  cat.stdin.end(Buffer.alloc(500000));
  console.log(await new Promise((resolve) => cat.on('close', resolve)), size);
  const sleeper = spawn('sleep', ['60']);
  sleeper.kill('SIGKILL');
  console.log(await new Promise((resolve) => sleeper.on('exit', (code, signal) => resolve(`${code} ${signal}`))));
  const child = fork(__filename, ['child']);
  child.send({ question: 6 });
  console.log(await new Promise((resolve) => child.on('message', resolve)));
  child.kill('SIGUSR2');
  console.log('child ended with', await new Promise((resolve) => child.on('exit', resolve)));
  const children = await Promise.all([0, 1, 2, 3, 4].map((n) => new Promise((resolve) =>
    spawn('sh', ['-c', `exit ${n}`]).on('exit', resolve))));
  console.log(children.join(' '));
  process.on('SIGUSR2', () => { console.log('signal seen'); console.log('processes ended'); process.exit(0); });
  process.kill(process.pid, 'SIGUSR2');
  setTimeout(() => process.exit(1), 30000);
}

if (process.argv[2] === 'child') {
  process.on('message', ({ question }) => process.send({ answer: question * 7 }));
  process.on('SIGUSR2', () => process.exit(5));
} else {
  main();
}
