import { UsageError, type Parser } from '@tribune/cli';
import type { RatePoint } from './people/arrivals.ts';
import type { KindPlan } from './hearing/kinds.ts';
import { parseAssertion, type Assertion } from './report/assertions.ts';

const MAX_RATE = 1000;
const MAX_DURATION_S = 3600;
const MAX_PORT = 65_535;
const MAX_DELAY_MS = 5000;
const MAX_RATE_KBPS = 1_000_000;

/** The values of options that only the load test has. Each parser throws a message that goes on from the name of the option. */

export { MAX_DURATION_S, MAX_PORT, MAX_RATE };

/** Where a server is, from the address of any of its pages: the origin, and the path below which it is, if any. */
export function serverUrl(): Parser<string> {
  return (given) => {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new UsageError('has to be an http or https URL');
    const { origin, pathname } = new URL(given);
    return origin + pathname.replace(/\/r\/.*$/, '').replace(/\/+$/, '');
  };
}

export function assertion(): Parser<Assertion> {
  return parseAssertion;
}

/** `0:50,30:400`: seconds ascending, and an end that lets people in. */
export function ramp(): Parser<readonly RatePoint[]> {
  return (given) => {
    const pairs = given.split(',').map((pair) => /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(pair.trim()));
    const points = pairs.map((match) => ({ atS: Number(match?.[1]), perSecond: Number(match?.[2]) }));
    const isRising = points.every(({ atS }, index) => atS > (points[index - 1]?.atS ?? -1) && atS <= MAX_DURATION_S);
    const isRate = points.every(({ perSecond }) => perSecond <= MAX_RATE) && points.at(-1)!.perSecond > 0;
    if (isRising && isRate && points[0]!.atS === 0) return points;
    throw new UsageError(
      `has to be like 0:50,30:400, seconds ascending from 0, rates up to ${MAX_RATE}, the last above 0`,
    );
  };
}

/** `10%:loss=2%,delay=80,jitter=30,rate=64`: a share of the listeners, and any of the four. */
export function slowNetwork(): Parser<NonNullable<KindPlan['slow']>> {
  const figure = String.raw`\d+(?:\.\d+)?`;
  const whole = new RegExp(`^(${figure})%:(.+)$`);
  const part = new RegExp(`^(?:(loss)=(${figure})%|(delay|jitter|rate)=(${figure}))$`);
  return (text) => {
    const [, share, rest = ''] = whole.exec(text) ?? [];
    const parts = rest.split(',').map((one) => part.exec(one));
    const given = new Map(parts.map((match) => [match?.[1] ?? match?.[3], Number(match?.[2] ?? match?.[4])]));
    const [lossPct, delayMs, jitterMs] = [given.get('loss') ?? 0, given.get('delay') ?? 0, given.get('jitter') ?? 0];
    const rateKbps = given.get('rate') ?? null;
    const sharePct = Number(share);
    const isRead = sharePct > 0 && sharePct <= 100 && parts.every(Boolean) && given.size === parts.length;
    const isSane = lossPct <= 100 && Math.max(delayMs, jitterMs) <= MAX_DELAY_MS;
    if (isRead && isSane && (rateKbps === null || (rateKbps > 0 && rateKbps <= MAX_RATE_KBPS)))
      return { share: sharePct / 100, network: { lossShare: lossPct / 100, delayMs, jitterMs, rateKbps } };
    throw new UsageError('has to be like 10%:loss=2%,delay=80,jitter=30,rate=64, with any of the four, once each');
  };
}

/** `HOST:PORT`, an IPv6 address in brackets or not. */
export function address(): Parser<{ readonly host: string; readonly port: number }> {
  return (given) => {
    const [, host, port] = /^(?:\[(?=.*\]))?([^\s[\]]+?)\]?:(\d{1,5})$/.exec(given) ?? [];
    if (host === undefined || Number(port) > MAX_PORT) throw new UsageError('has to be like host:port');
    return { host, port: Number(port) };
  };
}
