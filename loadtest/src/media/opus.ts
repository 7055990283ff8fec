/** Frame durations in ms by the configuration in the first byte of a packet (RFC 6716, section 3.1, table 2). */
const SILK_MS = [10, 20, 40, 60] as const;
const HYBRID_MS = [10, 20] as const;
const CELT_MS = [2.5, 5, 10, 20] as const;
const LONGEST_PACKET_MS = 120;
const LONGEST_FRAME_BYTES = 1275;

/**
 * Could this be an Opus packet? By its first byte and the rules on lengths that need no decoder: R1 to R5 of RFC 6716,
 * section 3.4.
 */
export function isOpusPacket(payload: Uint8Array): boolean {
  if (payload.length === 0) return false;
  const frameMs = frameMsOf(payload[0]! >> 3);
  const rest = payload.length - 1;
  switch (payload[0]! & 3) {
    case 0:
      return rest <= LONGEST_FRAME_BYTES;
    case 1:
      return rest % 2 === 0 && rest / 2 <= LONGEST_FRAME_BYTES;
    case 2:
      return rest >= 1;
    default: {
      const frames = (payload[1] ?? 0) & 0x3f;
      return rest >= 1 && frames >= 1 && frames * frameMs <= LONGEST_PACKET_MS;
    }
  }
}

function frameMsOf(configuration: number): number {
  if (configuration < 12) return SILK_MS[configuration % 4]!;
  return configuration < 16 ? HYBRID_MS[configuration % 2]! : CELT_MS[configuration % 4]!;
}
