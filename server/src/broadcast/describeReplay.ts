import type { Person } from '@tribune/shared/domain.ts';
import type { ReplayGap, ReplayInfo, SpeechTurn } from '@tribune/shared/recordings.ts';
import { voiceIdOf } from '@tribune/shared/voice.ts';
import type { Gap, RecordingDetail } from '../sql/recording.ts';
import type { Stretch } from './kept.ts';
import type { RecordingFile } from './RecordingFile.ts';
import { PAUSED } from '../sql/recording.ts';
import { BEGINS_WITHIN_MS } from './recorderMessages.ts';
import type { Replay, ReplaySound } from './Replays.ts';
import { SAMPLE_MS } from './segment.ts';
import { SILENT_PACKET } from './silence.ts';

/** A pause of one speaker that is no longer is part of the turn. */
const MAX_PAUSE_MS = 1500;
/** So long before and after what one person says, nothing else of them is to be heard. */
const BREATH_MS = 300;
/** What is shorter is a cough. */
const MIN_TURN_MS = 300;
/** As many pieces of the loudness curve as a wide screen has room for, and none shorter than this. */
const MAX_LEVELS = 1500;
const MIN_LEVEL_MS = 240;

/** Who speaks when, how loud it is, and what is missing: read from the segments. */
export function describeReplay(file: RecordingFile, recording: RecordingDetail): ReplaySound {
  const { durationMs } = file;
  const people = peopleOf(recording);
  const levelMs = Math.ceil(Math.max(MIN_LEVEL_MS, durationMs / MAX_LEVELS) / SAMPLE_MS) * SAMPLE_MS;
  const levels: number[] = Array.from({ length: Math.ceil(durationMs / levelMs) }, () => 0);
  const turns = new TurnFinder(people);
  for (const part of file.parts) {
    for (const { voiceId, levels: voice } of part.layout?.voices ?? []) {
      for (const [n] of part.sampleBytes.entries()) {
        const level = voice[part.first + n] ?? 0;
        if (level === 0) continue;
        const fromMs = part.atMs + n * SAMPLE_MS;
        turns.hear(voiceId, fromMs, fromMs + SAMPLE_MS);
        const piece = Math.floor(fromMs / levelMs);
        levels[piece] = Math.max(levels[piece] ?? 0, level);
      }
    }
  }
  return {
    durationMs,
    people,
    turns: turns.take(),
    levels,
    levelMs,
    gaps: gapsOf(file, recording.gaps),
    chapters: file.chapters,
    reactions: reactionsOf(file, recording, levelMs),
  };
}

/** @param path of its sound, without the ending of the file */
export function replayInfo({ replay }: Pick<Replay, 'replay'>, path: string, hls: string | null = null): ReplayInfo {
  return { ...replay, audio: `${path}.mp4`, ogg: `${path}.ogg`, hls };
}

/** How many reactions there were in each piece of the curve; what came while nothing is kept is left out. */
function reactionsOf(file: RecordingFile, { reactions }: RecordingDetail, levelMs: number): number[] {
  const counts: number[] = Array.from({ length: Math.ceil(file.durationMs / levelMs) }, () => 0);
  for (const { at, count } of reactions) {
    if (!file.has(at)) continue;
    const piece = Math.floor(file.toFileMs(at) / levelMs);
    if (piece < counts.length) counts[piece] = (counts[piece] ?? 0) + count;
  }
  return counts.some((count) => count > 0) ? counts : [];
}

/** What one person says in it, in Unix time: all of it, coughs and the breath before included. */
export function speechOf(file: RecordingFile, userId: string): Stretch[] {
  const voiceId = voiceIdOf(userId);
  const heard: Stretch[] = [];
  for (const { layout, first, sampleBytes, recordedAtMs } of file.parts) {
    const levels = layout?.voices.find((voice) => voice.voiceId === voiceId)?.levels;
    if (!levels) continue;
    for (const [n] of sampleBytes.entries()) {
      if ((levels[first + n] ?? 0) === 0) continue;
      const at = recordedAtMs + n * SAMPLE_MS;
      const stretch = { from: at - BREATH_MS, to: at + SAMPLE_MS + BREATH_MS };
      const last = heard.at(-1);
      if (last && stretch.from - last.to <= MAX_PAUSE_MS) heard[heard.length - 1] = { ...last, to: stretch.to };
      else heard.push(stretch);
    }
  }
  return heard;
}

/** Each once, in the order in which they came on stage, without those who asked to be left out. */
export function peopleOf({ stretches, cuts }: RecordingDetail): Person[] {
  const people = new Map<string, Person>();
  for (const { person } of stretches.toSorted((a, b) => a.from - b.from)) people.set(person.userId, person);
  for (const { userId } of cuts) if (userId !== null) people.delete(userId);
  return [...people.values()];
}

/** Makes turns of moments in which somebody is heard. */
class TurnFinder {
  readonly #personOf: ReadonlyMap<number, number>;
  readonly #open = new Map<number, { fromMs: number; toMs: number }>();
  readonly #turns: SpeechTurn[] = [];

  constructor(people: readonly Person[]) {
    this.#personOf = new Map(people.map(({ userId }, index) => [voiceIdOf(userId), index]));
  }

  hear(voiceId: number, fromMs: number, toMs: number): void {
    const person = this.#personOf.get(voiceId);
    if (person === undefined) return;
    const turn = this.#open.get(person);
    if (turn && fromMs - turn.toMs <= MAX_PAUSE_MS) {
      turn.toMs = toMs;
      return;
    }
    this.#close(person);
    this.#open.set(person, { fromMs, toMs });
  }

  /** All of them, in the order in which they begin. */
  take(): SpeechTurn[] {
    for (const person of [...this.#open.keys()]) this.#close(person);
    return this.#turns.toSorted((a, b) => a.fromMs - b.fromMs || a.person - b.person);
  }

  #close(person: number): void {
    const turn = this.#open.get(person);
    this.#open.delete(person);
    if (turn && turn.toMs - turn.fromMs >= MIN_TURN_MS) this.#turns.push({ person, ...turn });
  }
}

/**
 * What was told as missing, and segments that are not there, by the time of the replay; without what another node had after all. A
 * recorder takes a moment until it hears the first packet: that is no gap.
 */
function gapsOf({ parts }: RecordingFile, gaps: readonly Gap[]): ReplayGap[] {
  const found: ReplayGap[] = [];
  for (const part of parts) {
    const { atMs, recordedAtMs: beginsAt, layout, sampleBytes } = part;
    const endsAt = beginsAt + sampleBytes.length * SAMPLE_MS;
    if (!layout && part === parts[0] && endsAt - beginsAt < BEGINS_WITHIN_MS) continue;
    const missing = gaps.filter(({ reason, from, to }) => reason !== PAUSED && from < endsAt && to > beginsAt);
    for (const [n, bytes] of sampleBytes.entries()) {
      if (layout && bytes !== SILENT_PACKET.length) continue;
      const at = beginsAt + n * SAMPLE_MS;
      const [from, to] = layout ? within(missing, at, at + SAMPLE_MS) : [at, at + SAMPLE_MS];
      if (from < to) found.push({ fromMs: atMs + from - beginsAt, toMs: atMs + to - beginsAt });
    }
  }
  return join(found);
}

/** The part of a packet in which something is missing. */
function within(gaps: readonly Gap[], begin: number, end: number): [from: number, to: number] {
  const gap = gaps.find(({ from, to }) => from < end && to > begin);
  return gap ? [Math.max(gap.from, begin), Math.min(gap.to, end)] : [end, end];
}

/** Those that touch are one. */
function join(gaps: readonly ReplayGap[]): ReplayGap[] {
  const joined: ReplayGap[] = [];
  for (const gap of gaps.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1);
    if (last && gap.fromMs <= last.toMs) joined[joined.length - 1] = { ...last, toMs: Math.max(last.toMs, gap.toMs) };
    else joined.push(gap);
  }
  return joined;
}
