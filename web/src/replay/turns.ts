import type { Person } from '@tribune/shared/domain.ts';
import type { ReplayInfo, SpeechTurn } from '@tribune/shared/recordings.ts';

/** Whoever presses "previous" soon after the beginning of a turn means the turn before. */
const SAME_TURN_MS = 2000;

/** The first turn of somebody else than those who speak now; null where there is none. */
export function nextTurn(turns: readonly SpeechTurn[], nowMs: number): SpeechTurn | null {
  const speaking = new Set(turnsAt(turns, nowMs).map(({ person }) => person));
  return turns.find(({ person, fromMs }) => fromMs > nowMs && !speaking.has(person)) ?? null;
}

/** The turn that goes on, from its beginning, or the one before it where that has just begun; null before the first. */
export function previousTurn(turns: readonly SpeechTurn[], nowMs: number): SpeechTurn | null {
  return turns.findLast(({ fromMs }) => fromMs < nowMs - SAME_TURN_MS) ?? null;
}

function turnsAt(turns: readonly SpeechTurn[], nowMs: number): SpeechTurn[] {
  return turns.filter(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs);
}

/** Who speaks at that moment, each once. */
export function speakersAt({ turns, people }: Pick<ReplayInfo, 'turns' | 'people'>, nowMs: number): Person[] {
  const speaking = new Set(turnsAt(turns, nowMs).map(({ person }) => person));
  return [...speaking].map((person) => people[person]).filter((person) => person !== undefined);
}

/** Nobody speaks for a while. */
export interface Silence {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A shorter one is a pause in what is said. */
const MIN_SILENCE_MS = 1500;
/** So much of a silence is heard on both sides of what is skipped, so that nobody is cut short. */
const HEARD_OF_SILENCE_MS = 300;

/** Those that are worth skipping, in the order of time. */
export function silencesOf(turns: readonly SpeechTurn[], durationMs: number): Silence[] {
  const silences: Silence[] = [];
  let fromMs = 0;
  for (const turn of [...turns, { fromMs: durationMs, toMs: durationMs }]) {
    if (turn.fromMs - fromMs >= MIN_SILENCE_MS) silences.push({ fromMs, toMs: turn.fromMs });
    fromMs = Math.max(fromMs, turn.toMs);
  }
  return silences;
}

/** Where to go on from within a silence; null where somebody speaks, or does so at once. */
export function silenceEndAt(silences: readonly Silence[], nowMs: number): number | null {
  const silence = silences.find(({ toMs }) => nowMs < toMs - 2 * HEARD_OF_SILENCE_MS);
  return silence && nowMs >= silence.fromMs + HEARD_OF_SILENCE_MS ? silence.toMs - HEARD_OF_SILENCE_MS : null;
}

export interface Talk {
  readonly person: Person;
  /** In all. */
  readonly ms: number;
  readonly firstMs: number;
}

/** How long each has spoken, whoever spoke most first. Those who said nothing are left out. */
export function talksOf({ turns, people }: Pick<ReplayInfo, 'turns' | 'people'>): Talk[] {
  const talks = people.map((person, index) => {
    const own = turns.filter((turn) => turn.person === index);
    return { person, ms: own.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0), firstMs: own[0]?.fromMs ?? 0 };
  });
  return talks.filter(({ ms }) => ms > 0).toSorted((a, b) => b.ms - a.ms);
}
