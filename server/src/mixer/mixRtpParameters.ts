import type { RtpParameters } from 'mediasoup/types';

/** Payload type of the mix between the mixer and whoever takes it in. */
export const MIX_PAYLOAD_TYPE = 100;

/** What the mixer sends, for the Producer that takes it in: one Opus stream whose SSRC outlives the process that sends it. */
export function mixRtpParameters(ssrc: number): RtpParameters {
  return {
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: MIX_PAYLOAD_TYPE,
        clockRate: 48_000,
        channels: 2,
        parameters: { 'sprop-stereo': 0, useinbandfec: 1, usedtx: 1 },
        rtcpFeedback: [],
      },
    ],
    headerExtensions: [],
    encodings: [{ ssrc, dtx: true }],
    rtcp: { cname: 'mix' },
  };
}
