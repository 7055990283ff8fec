import { LONGEST_OPUS_PACKET_MS, opusDurationMsOf } from '@tribune/shared/rtp/opus.ts';

const LONGEST_FRAME_BYTES = 1275;

/**
 * Could this be an Opus packet? By its first byte and the rules on lengths that need no decoder: R1 to R5 of RFC 6716,
 * section 3.4.
 */
export function isOpusPacket(payload: Uint8Array): boolean {
  if (payload.length === 0) return false;
  const rest = payload.length - 1;
  switch (payload[0]! & 3) {
    case 0:
      return rest <= LONGEST_FRAME_BYTES;
    case 1:
      return rest % 2 === 0 && rest / 2 <= LONGEST_FRAME_BYTES;
    case 2:
      return rest >= 1;
    default: {
      const durationMs = opusDurationMsOf(payload);
      return durationMs > 0 && durationMs <= LONGEST_OPUS_PACKET_MS;
    }
  }
}
