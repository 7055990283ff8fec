// Stands in for a server where a test is about processes: `BEHAVIOUR` says what it does, and it has a child as a server has workers.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
appendFileSync(process.env.PIDS_FILE, `${process.pid}\n${child.pid}\n`);
process.on('SIGTERM', () => {
  if (process.env.BEHAVIOUR === 'stubborn') return;
  child.kill();
  process.exit(0);
});
console.log(`behaves: ${process.env.BEHAVIOUR}`);
if (process.env.BEHAVIOUR === 'broken') {
  child.kill();
  process.exit(3);
}
if (process.env.BEHAVIOUR !== 'silent') process.send({ type: 'ready', port: 4711 });
process.on('disconnect', () => process.exit(0));
