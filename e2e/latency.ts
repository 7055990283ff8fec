// `npm run latency`: how much later the audience hears what is said, mouth to ear, in two Chromiums on this machine.
import { percentile } from '@tribune/loadtest/hearing/stats.ts';
import { keepMicrophone, latencies, record } from './support/latency.ts';
import { Person } from './support/Person.ts';
import { TestDeployment } from './support/TestDeployment.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const SECONDS = 40;
const SETTLE_MS = 5000;

const deployment = await TestDeployment.create();
const people: Person[] = [];
try {
  const ada = await Person.create('Ada');
  people.push(ada);
  const cleo = await Person.create('Cleo');
  people.push(cleo);
  await ada.page.addInitScript(keepMicrophone);
  const link = await ada.host(deployment.origin, 'Latency');
  await ada.goLive();
  await cleo.enter(link);
  await sleep(SETTLE_MS);
  console.log(`Listening for ${SECONDS} s`);
  const [said, heard] = await Promise.all([
    record(ada.page, 'microphone', SECONDS),
    record(cleo.page, 'output', SECONDS),
  ]);
  const sorted = latencies(said, heard).sort((a, b) => a - b);
  console.log(`${sorted.length} windows of 2 s, in ms: ${sorted.join(' ')}`);
  console.log(
    `mouth to ear, from microphone track to played track: p50 ${percentile(sorted, 0.5)} ms, p95 ${percentile(sorted, 0.95)} ms`,
  );
  process.exitCode = sorted.length > 0 ? 0 : 1;
} finally {
  await Promise.all(people.map(async (person) => person.close()));
  await deployment.close();
}
