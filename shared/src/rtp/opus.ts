/** What an Opus packet says of itself without a decoder (RFC 6716, section 3). */

/** Frame durations in ms by the configuration in the first byte of a packet (table 2). */
const SILK_MS = [10, 20, 40, 60] as const;
const HYBRID_MS = [10, 20] as const;
const CELT_MS = [2.5, 5, 10, 20] as const;
/** No packet is longer (section 3.2.5). */
export const LONGEST_OPUS_PACKET_MS = 120;

/** @param toc the first byte of a packet */
export function opusFrameMsOf(toc: number): number {
  const configuration = toc >> 3;
  if (configuration < 12) return SILK_MS[configuration % 4]!;
  return configuration < 16 ? HYBRID_MS[configuration % 2]! : CELT_MS[configuration % 4]!;
}

/** How many frames a packet says that it has: 0 when it is cut short. */
export function opusFrameCountOf(packet: Uint8Array): number {
  if (packet.length === 0) return 0;
  switch (packet[0]! & 3) {
    case 0:
      return 1;
    case 1:
    case 2:
      return 2;
    default:
      return (packet[1] ?? 0) & 0x3f;
  }
}

/** How much sound a packet holds; 0 for one that is cut short. */
export function opusDurationMsOf(packet: Uint8Array): number {
  return opusFrameCountOf(packet) * opusFrameMsOf(packet[0] ?? 0);
}
