import { writeSegment, type SegmentLayout, type VoiceLevels } from './segment.ts';
import { SILENT_PACKET } from './silence.ts';

interface SegmentObject {
  readonly bytes: Buffer;
  readonly layout: SegmentLayout;
}

/**
 * Puts together what several homes or processes have stored of one segment: of each packet, the first of them that has sound.
 * @param objects those that count most first
 * @returns null where the first has all there is
 */
export function mergeSegments(objects: readonly SegmentObject[]): Buffer | null {
  const [first] = objects;
  if (!first) return null;
  const packets = objects.map(packetsOf);
  const chosen = packets[0]!.map((_, n) =>
    Math.max(
      0,
      packets.findIndex((row) => row[n] && !isSilent(row[n])),
    ),
  );
  if (chosen.every((which) => which === 0)) return null;
  const samples = chosen.map((which, n) => packets[which]![n]!);
  return writeSegment({ index: first.layout.index, samples, voices: mergeVoices(objects, chosen) });
}

function mergeVoices(objects: readonly SegmentObject[], chosen: readonly number[]): VoiceLevels[] {
  const voices = new Map<number, Uint8Array>();
  for (const [which, { layout }] of objects.entries()) {
    for (const { voiceId, levels } of layout.voices) {
      const merged = voices.get(voiceId) ?? new Uint8Array(chosen.length);
      voices.set(voiceId, merged);
      for (const [n, choice] of chosen.entries()) if (choice === which) merged[n] = levels[n] ?? 0;
    }
  }
  return [...voices]
    .filter(([, levels]) => levels.some((level) => level > 0))
    .map(([voiceId, levels]) => ({ voiceId, levels }));
}

function packetsOf({ bytes, layout: { dataAt, sampleBytes } }: SegmentObject): Uint8Array[] {
  let at = dataAt;
  return sampleBytes.map((size) => bytes.subarray(at, (at += size)));
}

function isSilent(packet: Uint8Array): boolean {
  return SILENT_PACKET.length === packet.length && SILENT_PACKET.every((byte, n) => byte === packet[n]);
}
