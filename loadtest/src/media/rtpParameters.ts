import type { RtpCapabilities, RtpParameters } from './sdp.ts';

const OPUS = 'audio/opus';
const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
/** Needs feedback that a simulated client does not give. */
const TRANSPORT_WIDE_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

/**
 * What a simulated listener can receive, out of what the router offers: Opus and the audio header extensions, with no
 * feedback but receiver reports.
 */
export function receivableOf({ codecs = [], headerExtensions = [] }: RtpCapabilities): RtpCapabilities {
  return {
    codecs: codecs.filter(isOpus).map((codec) => ({ ...codec, rtcpFeedback: [] })),
    headerExtensions: headerExtensions.filter(({ kind, uri }) => kind === 'audio' && uri !== TRANSPORT_WIDE_CC),
  };
}

/** What a simulated speaker sends: one Opus stream with its level. @throws {Error} when the router takes no Opus. */
export function sendingParameters(router: RtpCapabilities, ssrc: number, cname: string): RtpParameters {
  const codec = router.codecs?.find(isOpus);
  if (codec?.preferredPayloadType === undefined) throw new Error('The router offers no Opus');
  const level = router.headerExtensions?.find(({ kind, uri }) => kind === 'audio' && uri === AUDIO_LEVEL);
  return {
    codecs: [
      {
        mimeType: OPUS,
        payloadType: codec.preferredPayloadType,
        clockRate: codec.clockRate,
        channels: codec.channels ?? 2,
        parameters: { 'sprop-stereo': 0, useinbandfec: 1, usedtx: 1 },
        rtcpFeedback: [],
      },
    ],
    headerExtensions: level ? [{ uri: level.uri, id: level.preferredId, encrypt: false, parameters: {} }] : [],
    encodings: [{ ssrc, dtx: true }],
    // Browsers are given it as the name of the stream (`a=msid`, RFC 8830, section 2), where a space ends it.
    rtcp: { cname: cname.replaceAll(' ', '-'), reducedSize: true },
  };
}

/** Negotiated id of the audio level extension; null where it was not. */
export function audioLevelIdOf({ headerExtensions = [] }: RtpParameters): number | null {
  return headerExtensions.find(({ uri }) => uri === AUDIO_LEVEL)?.id ?? null;
}

function isOpus({ mimeType }: { mimeType: string }): boolean {
  return mimeType.toLowerCase() === OPUS;
}
