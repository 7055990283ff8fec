import type { HttpCase } from './httpLive.ts';
import { significant, type Figure } from './figures.ts';
import type { BenchReport } from './report.ts';

type Row = readonly [what: string, figure: string, spread: string, ratio: string];

const HEAD: Row = ['what', 'median', 'spread', 'to the floor'];
const NOT_MEASURED = 'not measured';

/** The report as a table of Markdown, which is also how it reads in a terminal. */
export function formatTable(report: BenchReport): string {
  const rows = [HEAD, ...rowsOf(report)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(HEAD), rule, ...rows.slice(1).map(line)].join('\n');
}

const HTTP_WORDS: Readonly<Record<HttpCase, string>> = {
  stream: 'HTTP stream',
  nginxStream: 'nginx with the same stream',
  hls: 'HLS',
  nginxHls: 'nginx with the same segments',
};

function rowsOf({ details: { floor, sfu, rooms, joins, signalling, door, broadcast } }: BenchReport): Row[] {
  /** @param usPerUnit turns the figure into µs, where a comparison with a packet means something */
  const row = (what: string, figure: Figure | null, unit: string, usPerUnit?: number): Row => [
    what,
    figure ? `${significant(figure.median)} ${unit}` : NOT_MEASURED,
    figure && figure.runs > 1 ? `${significant(figure.min)} to ${significant(figure.max)}` : '',
    figure && floor?.usPerPacket && usPerUnit
      ? `${significant((figure.median * usPerUnit) / floor.usPerPacket.median)}`
      : '',
  ];
  const plain = (what: string, value: number | null, unit: string): Row => [
    what,
    value === null ? NOT_MEASURED : `${significant(value)} ${unit}`,
    '',
    '',
  ];
  const floorRows = floor
    ? [
        row('floor: AES-128-GCM and sendto of a packet', floor.usPerPacket, 'µs', 1),
        row('the same with the pauses of a mix', floor.pacedUsPerPacket, 'µs', 1),
      ]
    : [];
  const sfuRows = (sfu?.rooms ?? []).flatMap(({ microphones, listeners, ...room }) => {
    const stage = `${microphones} open ${microphones === 1 ? 'microphone' : 'microphones'}`;
    const where = `${stage}, ${listeners} listeners`;
    return [
      row(`SFU: packet to a listener (${where})`, room.usPerPacket, 'µs', 1),
      row(`SFU: listener for a second (${where})`, room.msPerListenerSecond, 'ms', 1000),
      row(`SFU: the stage for a second (${stage})`, room.stageMsPerSecond, 'ms'),
      ...(room.mixerMsPerSecond ? [row(`mixer: a room for a second (${stage})`, room.mixerMsPerSecond, 'ms')] : []),
      ...(room.lostPct > 0 ? [plain('SFU: lost meanwhile', room.lostPct, '%')] : []),
    ];
  });
  const lengths = sfu?.packetLengths;
  const listenerRows = lengths
    ? [
        row('listener for a second, packets of 60 ms', lengths.msPerListenerSecond[60], 'ms', 1000),
        row('listener for a second, packets of 120 ms', lengths.msPerListenerSecond[120], 'ms', 1000),
        plain(
          `listeners that fill a core, packets of 120 ms (${lengths.capacity.isExtrapolated ? 'extrapolated from' : 'measured with'} ${lengths.capacity.measuredListeners})`,
          lengths.capacity.listeners,
          '',
        ),
      ]
    : [];
  const capacities = [
    { capacity: rooms?.baselineCapacity, which: ', the baseline' },
    { capacity: rooms?.capacity, which: '' },
  ];
  const roomsRows = [
    ...(rooms?.costs ?? []).flatMap(({ microphones, ...cost }) => {
      const what = `mixer: a room for a second (rooms: ${cost.rooms}, open microphones: ${microphones})`;
      return [
        row(what, cost.msPerRoomSecond, 'ms'),
        ...(cost.ratio
          ? [
              row(`${what}, the baseline`, cost.baselineMsPerRoomSecond, 'ms'),
              row(`${what}, as a share of the baseline`, cost.ratio, ''),
            ]
          : []),
      ];
    }),
    ...capacities.flatMap(({ capacity, which }) =>
      capacity
        ? [
            plain(
              `mixer: rooms in time in one process${which}${capacity.isExtrapolated ? ' (extrapolated)' : ''}`,
              capacity.rooms,
              '',
            ),
            plain(`mixer: a room among as many for a second${which}`, capacity.msPerRoomSecond, 'ms'),
          ]
        : [],
    ),
  ];
  const memoryRows = sfu
    ? [
        plain('memory per listener, worker', sfu.memory?.workerKb ?? null, 'kB'),
        plain('memory per listener, Node', sfu.memory?.nodeKb ?? null, 'kB'),
      ]
    : [];
  const joinRows = joins
    ? [
        row('joins per second, clients on the same machine', joins.perSecond, ''),
        row('join: worker', joins.workerMs, 'ms', 1000),
        row('join: Node', joins.nodeMs, 'ms', 1000),
        row('join: the client that measures', joins.clientMs, 'ms'),
        plain('join: worker, the first ones after a start', joins.cold?.workerMs ?? null, 'ms'),
        plain('join: Node, the first ones after a start', joins.cold?.nodeMs ?? null, 'ms'),
        plain('join: client, the first ones after a start', joins.cold?.clientMs ?? null, 'ms'),
        plain('time to first audio of a lone join, p50', joins.alone.p50Ms, 'ms'),
        plain('Node for a second in which nobody comes', joins.background.nodeMsPerSecond, 'ms'),
        plain('Node for one reading of /metrics', joins.background.scrapeNodeMs, 'ms'),
        ...joins.arrivals.map(({ share, p95Ms }) =>
          plain(`time to first audio at ${share * 100} % of that rate, p95`, p95Ms, 'ms'),
        ),
      ]
    : [];
  const signallingRows = (signalling ?? []).flatMap(({ sockets, usPerSocket, kbPerSocket }) => [
    row(`room-wide message, for each of ${sockets} sockets`, usPerSocket, 'µs', 1),
    plain(`memory per socket, of ${sockets}`, kbPerSocket, 'kB'),
  ]);
  const broadcastRows = broadcast
    ? [
        row(`recording: a room for an hour, of ${broadcast.rooms}`, broadcast.recordingCpuSPerRoomHour, 's of CPU'),
        ...Object.entries(HTTP_WORDS).flatMap(([name, words]) => {
          const { msPerListenerSecond, listenersPerCore } = broadcast.http;
          return [
            row(`${words}: a listener for a second`, msPerListenerSecond[name as HttpCase], 'ms', 1000),
            row(`${words}: listeners per core`, listenersPerCore[name as HttpCase], ''),
          ];
        }),
      ]
    : [];
  const doorRows = door
    ? [
        plain('door: an honest person comes in, p95', door.without.p95Ms, 'ms'),
        plain('the same while another address attacks, p95', door.with.p95Ms, 'ms'),
        plain('the one as a multiple of the other', door.ratio, ''),
        plain('honest people refused meanwhile', door.with.refused, ''),
        plain('door: requests of the attack', door.attackPerSecond, 'per second'),
      ]
    : [];
  const all = [
    floorRows,
    sfuRows,
    listenerRows,
    roomsRows,
    memoryRows,
    joinRows,
    signallingRows,
    doorRows,
    broadcastRows,
  ];
  return all.flat();
}
