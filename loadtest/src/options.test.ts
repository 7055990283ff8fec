import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { UsageError } from '@tribune/cli';
import { parseCommandLine } from './options.ts';

describe('parseCommandLine', () => {
  it('has a default for everything', () => {
    expect(parseCommandLine([])).toEqual({
      options: {
        url: 'http://localhost:3000',
        listeners: 50,
        players: { stream: 0, hls: 0 },
        rooms: 1,
        speakers: 1,
        openMics: 1,
        rate: 20,
        arrivals: { kind: 'rate', points: [{ atS: 0, perSecond: 20 }], spacing: 'poisson' },
        full: 5,
        slow: null,
        seed: expect.any(Number) as number,
        processes: Math.max(1, availableParallelism() - 1),
        coordinate: null,
        browsers: 0,
        durationS: 10,
        holdS: 10,
        behaviour: { churnPct: 0, reconnectPct: 0, reactionsPerS: 0, handsPerMinute: 0 },
        muteEveryS: null,
        ownHost: false,
      },
      assertions: [],
      jsonFile: null,
      htmlFile: null,
      key: expect.any(String) as string,
      calibrate: false,
    });
  });

  it.each([
    ['https://radio.example/', 'https://radio.example'],
    ['https://radio.example/rooms/', 'https://radio.example/rooms'],
    ['https://radio.example/rooms/r/abc?x#y', 'https://radio.example/rooms'],
  ])('takes the address of any page of a server: %s', (given, url) => {
    expect(parseCommandLine(['--url', given])).toMatchObject({ options: { url } });
  });

  it('takes what is given', () => {
    const args =
      '--url https://radio.example/r/abc --listeners 200 --rooms 4 --speakers 3 --open-mics 2 --rate 0.5 --even --seed 7 --full 12 --slow 10%:loss=2%,delay=80,jitter=30,rate=64 --processes 3 --coordinate 7000 --machines 2 --key 0123456789abcdef --browsers 2 --duration 1.5 --hold 30 --churn 10 --reconnects 5 --reactions 2 --hands 3 --mute-every 4 --json out.json --html out.html';
    expect(parseCommandLine([...args.split(' '), '--i-own-this-host'])).toEqual({
      options: {
        url: 'https://radio.example',
        listeners: 200,
        players: { stream: 0, hls: 0 },
        rooms: 4,
        speakers: 3,
        openMics: 2,
        rate: 0.5,
        arrivals: { kind: 'rate', points: [{ atS: 0, perSecond: 0.5 }], spacing: 'even' },
        full: 12,
        slow: { share: 0.1, network: { lossShare: 0.02, delayMs: 80, jitterMs: 30, rateKbps: 64 } },
        seed: 7,
        processes: 3,
        coordinate: { port: 7000, machines: 2 },
        browsers: 2,
        durationS: 1.5,
        holdS: 30,
        behaviour: { churnPct: 10, reconnectPct: 5, reactionsPerS: 2, handsPerMinute: 3 },
        muteEveryS: 4,
        ownHost: true,
      },
      assertions: [],
      jsonFile: 'out.json',
      htmlFile: 'out.html',
      key: '0123456789abcdef',
      calibrate: false,
    });
  });

  it.each([
    [
      '--ramp 0:50,30:400',
      {
        kind: 'rate',
        points: [
          { atS: 0, perSecond: 50 },
          { atS: 30, perSecond: 400 },
        ],
        spacing: 'poisson',
      },
    ],
    ['--flash 30 --rate 5', { kind: 'flash', count: 30, perSecond: 5, spacing: 'poisson' }],
    ['--scenario launch', { kind: 'launch', spanS: 240 }],
    ['--scenario launch --span 60', { kind: 'launch', spanS: 60 }],
  ])('lets people arrive as %s says', (args, arrivals) => {
    expect(parseCommandLine(args.split(' '))?.options.arrivals).toEqual(arrivals);
  });

  it('has players over HTTP in place of listeners, or a third of each kind', () => {
    const of = (args: string) => parseCommandLine(args.split(' '))?.options;
    expect(of('--plane stream --listeners 30')).toMatchObject({
      listeners: 0,
      players: { stream: 30, hls: 0 },
      full: 0,
    });
    expect(of('--plane hls --listeners 30')).toMatchObject({ listeners: 0, players: { stream: 0, hls: 30 } });
    expect(of('--plane mixed --listeners 31')).toMatchObject({ listeners: 11, players: { stream: 10, hls: 10 } });
    expect(() => of('--plane hls --scenario launch')).toThrow('--scenario is not for --plane hls');
  });

  it('takes a flash for everybody where no number of listeners is given', () => {
    expect(parseCommandLine(['--flash', '300'])?.options.listeners).toBe(300);
  });

  it.each([
    [1, 1],
    [9, 1],
    [100, 10],
    [5000, 20],
  ])('of %d listeners makes %d full unless told', (listeners, full) => {
    expect(parseCommandLine(['--listeners', String(listeners)])?.options.full).toBe(full);
  });

  it.each(['10%:loss=2%', '100%:delay=80', '0.5%:rate=64,jitter=1.5'])('takes %s for a slow network', (text) => {
    expect(parseCommandLine(['--slow', text])?.options.slow).not.toBeNull();
  });

  it.each([
    '10:loss=2%',
    '0%:loss=2%',
    '101%:loss=2%',
    '10%',
    '10%:',
    '10%:loss=2',
    '10%:loss=101%',
    '10%:delay=80%',
    '10%:delay=9000',
    '10%:rate=0',
    '10%:loss=1%,loss=2%',
    '10%:speed=3',
  ])('refuses %s for a slow network', (text) => {
    expect(() => parseCommandLine(['--slow', text])).toThrow(/^--slow has to be like 10%:/);
  });

  it('refuses more full listeners than there are', () => {
    expect(() => parseCommandLine(['--listeners', '5', '--full', '6'])).toThrow(UsageError);
  });

  it('takes any number of assertions', () => {
    const given = parseCommandLine(['--assert', 'ttfaMs.p95<1500', '--assert', 'lossPct < 0.1']);
    expect(given?.assertions.map(({ field, bound }) => [field, bound])).toEqual([
      ['ttfaMs.p95', 1500],
      ['lossPct', 0.1],
    ]);
  });

  it('is null when help is asked for', () => {
    expect(parseCommandLine(['--listeners', '5', '--help'])).toBeNull();
  });

  it.each([
    ['--listeners 0', '--listeners has to be a whole number from 1 to 5000'],
    ['--listeners 1.5', '--listeners has to be a whole number'],
    ['--listeners 0x10', '--listeners has to be a whole number'],
    ['--listeners 5001', 'from 1 to 5000'],
    ['--speakers 51', '--speakers has to be a whole number from 1 to 50'],
    ['--assert ttfa<1500', '--assert knows no "ttfa", only'],
    ['--assert lossPct<1 --assert fast', '--assert has to be like'],
    ['--ramp 0:50,30', '--ramp has to be like 0:50,30:400'],
    ['--ramp 0:50,30:0', '--ramp has to be like 0:50,30:400'],
    ['--ramp 30:5,0:4', '--ramp has to be like 0:50,30:400'],
    ['--flash 10 --scenario launch', '--flash and --scenario cannot be used together'],
    ['--ramp 0:50 --rate 10', '--ramp has its own --rate'],
    ['--flash 10 --listeners 5', '--flash has to be at most --listeners'],
    ['--scenario stampede', '--scenario has to be one of launch'],
    ['--rooms 201 --listeners 300', '--rooms has to be a whole number from 1 to 200'],
    ['--rooms 3 --listeners 2', '--rooms has to be at most --listeners'],
    ['--rooms 41 --speakers 10', '--rooms times --speakers has to be at most 400'],
    ['--span 10', '--span is for --scenario'],
    ['--open-mics 2', '--open-mics has to be at most'],
    ['--hold 5 --duration 6', '--hold has to be at least --duration'],
    ['--mute-every 5', '--mute-every needs two open microphones'],
    ['--machines 2', '--machines and --key are for --coordinate'],
    ['--coordinate 7000 --key short', '--key has to have 16 characters'],
    ['--churn 1001', '--churn has to be a number above 0, at most 1000'],
    ['--seed -1', '--seed'],
    ['--rate 0', '--rate has to be a number above 0'],
    ['--duration soon', '--duration has to be a number above 0'],
    ['--url ftp://localhost', '--url has to be an http or https URL'],
    ['--url localhost:3000', '--url has to be an http or https URL'],
    ['--listners 5', '--listners'],
    ['5', '5'],
  ])('explains what is wrong with %s', (args, message) => {
    const parse = () => parseCommandLine(args.split(' '));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});
