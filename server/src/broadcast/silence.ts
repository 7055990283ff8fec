/** CELT, fullband, 20 ms, mono, with a code that says that the number of frames follows (RFC 6716, sections 3.1 and 3.2.5). */
const TABLE_OF_CONTENTS = (31 << 3) | 3;
/** Three frames of the same length, without padding. */
const THREE_FRAMES = 3;
/** A CELT frame of digital silence: its first symbol says that nothing follows (section 4.3). */
const SILENT_FRAME = [0xff, 0xfe];

/** 60 ms of digital silence as a packet of Opus, which players take for a packet like any other. */
export const SILENT_PACKET = Uint8Array.of(
  TABLE_OF_CONTENTS,
  THREE_FRAMES,
  ...SILENT_FRAME,
  ...SILENT_FRAME,
  ...SILENT_FRAME,
);

/** Carries no sound: at most a table of contents and one byte, as an encoder sends it in silence (RFC 7587, section 3.1.3). */
export function isDiscontinuous(packet: Uint8Array): boolean {
  return packet.length <= 2;
}
