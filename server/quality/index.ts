import { writeFile } from 'node:fs/promises';
import { defineCommand, runCommand } from '@tribune/cli';
import { ROOM_SOUNDS } from '@tribune/shared/domain.ts';
import type { Chart } from '@tribune/loadtest/report/chart.ts';
import { chartFile } from './chartFile.ts';
import { CONDITIONS, measure, readConversation, toSpeech, type Condition, type Speech } from './conditions.ts';
import { hear, readPieces } from './music.ts';
import { simulate } from './simulate.ts';
import { readSpeech } from './speech.ts';

const COMMAND = defineCommand({
  name: 'npm run quality --',
  description:
    'Measures the mix in simulated time, prints tables, and draws the charts of docs/mix.md anew. It takes some minutes.',
  options: {},
});
const IMAGES = new URL('../../docs/images/', import.meta.url);
const LOSSES = [0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2];

process.exitCode = await runCommand(COMMAND, process.argv.slice(2), async () => {
  const conversation = await readConversation();
  await printTable(conversation);
  await printPieces();
  await drawLoss(conversation);
  await drawDelay(conversation);
  await drawLevels();
  return 0;
});

async function printTable(speech: readonly Speech[]): Promise<void> {
  console.log('| network | SI-SDR | log-spectral distance | largest step | concealed | held back |');
  console.log('| ------- | ------ | --------------------- | ------------ | --------- | --------- |');
  for (const condition of CONDITIONS) {
    const { siSdrDb, logSpectralDistanceDb, stepRatio, simulation } = await measure(condition, speech);
    const reports = simulation.moments.at(-1)!.reports.map((report) => report!);
    const concealedMs = reports.reduce((sum, { concealed }) => sum + concealed / 48, 0) / reports.length;
    const delayMs = Math.max(...reports.map((report) => report.delayMs));
    const cells = [
      condition.name,
      `${siSdrDb.toFixed(1)} dB`,
      `${logSpectralDistanceDb.toFixed(1)} dB`,
      `${stepRatio.toFixed(2)} of the ideal mix`,
      `${concealedMs.toFixed(0)} ms of 20 s`,
      `${delayMs.toFixed(0)} ms`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

async function printPieces(): Promise<void> {
  console.log('\n| what is played | room for | cut | gain varies by | lost at 9 to 15 kHz |');
  console.log('| -------------- | -------- | --- | -------------- | ------------------- |');
  for (const piece of await readPieces()) {
    for (const sound of ROOM_SOUNDS) {
      const { cutPct, pumpingDb, highLossDb } = await hear(piece, sound);
      const high = piece.hasHighs ? `${highLossDb.toFixed(1)} dB` : '';
      console.log(`| ${piece.name} | ${sound} | ${cutPct.toFixed(0)}% | ${pumpingDb.toFixed(1)} dB | ${high} |`);
    }
  }
}

async function drawLoss(speech: readonly Speech[]): Promise<void> {
  const networks = [0, 50].map((jitterMs) => ({
    jitterMs,
    name: jitterMs === 0 ? 'no jitter' : `${jitterMs} ms jitter`,
  }));
  const lines = await Promise.all(
    networks.map(async ({ jitterMs, name }) => {
      const results = [];
      for (const loss of LOSSES) {
        const condition: Condition = { name, loss, jitterMs, driftPpm: 0 };
        results.push({ loss: loss * 100, ...(await measure(condition, speech)) });
      }
      return { name, results };
    }),
  );
  await draw('mix-si-sdr', {
    ...{
      title: 'Three voices at once: distance from the ideal mix',
      x: 'packets lost, %',
      y: 'SI-SDR, dB (more is better)',
    },
    lines: lines.map(({ name, results }) => ({
      name,
      points: results.map(({ loss, siSdrDb }) => [loss, siSdrDb] as const),
    })),
  });
  await draw('mix-log-spectral-distance', {
    ...{ title: 'Three voices at once: difference of spectra from the ideal mix', x: 'packets lost, %' },
    y: 'dB (less is better)',
    lines: lines.map(({ name, results }) => ({
      name,
      points: results.map((result) => [result.loss, result.logSpectralDistanceDb] as const),
    })),
  });
}

async function drawDelay(speech: readonly Speech[]): Promise<void> {
  const names = ['clock 100 ppm fast', 'clock 100 ppm slow', '50 ms jitter, 5% loss'];
  const networks = [
    { loss: 0, jitterMs: 0 },
    { loss: 0, jitterMs: 0 },
    { loss: 0.05, jitterMs: 50 },
  ];
  const drifts = [100, -100, 0];
  const voices = speech.map(({ packets }, index) => ({ packets, network: networks[index]!, driftPpm: drifts[index]! }));
  const { moments } = await simulate(voices, { seconds: 600, everyMs: 4000 });
  await draw('mix-delay', {
    ...{ title: 'How long three voices are held back, over ten minutes', x: 'minutes', y: 'ms', yAtLeast: 100 },
    lines: names.map((name, index) => ({
      name,
      points: moments.slice(1).map(({ ms, reports }) => [ms / 60_000, reports[index]?.delayMs ?? null] as const),
    })),
  });
}

async function drawLevels(): Promise<void> {
  const quieterDb = [6, 12, 20];
  const voices = [];
  for (const db of quieterDb) {
    const { packets } = await toSpeech(await readSpeech('speech-2.wav', -db));
    voices.push({ packets, network: { loss: 0, jitterMs: 0 } });
  }
  const { moments } = await simulate(voices, { seconds: 20, everyMs: 200 });
  await draw('mix-levels', {
    ...{ title: 'By how much quiet voices are turned up', x: 'seconds', y: 'gain, dB' },
    lines: quieterDb.map((db, index) => ({
      name: `${db} dB quieter`,
      points: moments.map(({ ms, reports }) => [ms / 1000, reports[index]?.gainDb ?? null] as const),
    })),
  });
}

async function draw(name: string, chart: Chart): Promise<void> {
  await writeFile(new URL(`${name}.svg`, IMAGES), chartFile(chart));
  console.log(`docs/images/${name}.svg`);
}
