import type { DtlsParameters, RtpParameters } from 'mediasoup/types';

let nextSsrc = 1_000_000;

/** What a browser would send for one Opus stream. */
export function fakeRtpParameters(ssrc = nextSsrc++, cname = `cname-${ssrc}`): RtpParameters {
  return {
    mid: '0',
    codecs: [
      { mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2, parameters: { useinbandfec: 1 } },
    ],
    headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1 }],
    encodings: [{ ssrc }],
    rtcp: { cname },
  };
}

export function fakeDtlsParameters(): DtlsParameters {
  const value = Array.from({ length: 32 }, () => 'AB').join(':');
  return { role: 'client', fingerprints: [{ algorithm: 'sha-256', value }] };
}
