import type { ConsumerInfo, TicketResponse, TransportInfo } from '@tribune/shared/protocol.ts';

/** mediasoup's parameters, as the shared protocol carries them. */
export type RtpParameters = ConsumerInfo['rtpParameters'];
export type RtpCapabilities = TicketResponse['rtpCapabilities'];
export type IceCandidate = TransportInfo['iceCandidates'][number];
export type DtlsParameters = TransportInfo['dtlsParameters'];

/** One m-section of the server's offer. */
export interface OfferedMedia {
  readonly mid: string;
  /** From the server's view; a section that is over stays in its place as `inactive` (RFC 8829, section 5.2.2). */
  readonly direction: 'sendonly' | 'recvonly' | 'inactive';
  readonly rtpParameters: RtpParameters;
}

/**
 * The offer (RFC 8829) that a mediasoup transport would send if it spoke SDP. It carries no candidates: those are handed over
 * once the server knows this client's fingerprint, because a page with mediasoup-client begins ICE no sooner.
 * @param version of the session, to be raised with every offer.
 */
export function buildOffer(transport: TransportInfo, media: readonly OfferedMedia[], version: number): string {
  const { iceParameters, dtlsParameters } = transport;
  const lines = [
    'v=0',
    `o=- 1 ${version} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    ...(iceParameters.iceLite ? ['a=ice-lite'] : []),
    `a=group:BUNDLE ${media.map(({ mid }) => mid).join(' ')}`,
    'a=msid-semantic: WMS *',
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    'a=ice-options:renomination',
    ...fingerprintLines(dtlsParameters),
    // mediasoup takes either part; so this client becomes the DTLS client, as a browser that answers does.
    'a=setup:actpass',
    ...media.flatMap(mediaLines),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** One `candidate` attribute (RFC 8839, section 5.1), without the leading `a=`. */
export function candidateLine(candidate: IceCandidate): string {
  const { foundation, priority, protocol, port, type, tcpType } = candidate;
  const address = candidate.address ?? candidate.ip;
  const tcp = tcpType ? ` tcptype ${tcpType}` : '';
  return `candidate:${foundation} 1 ${protocol} ${priority} ${address} ${port} typ ${type}${tcp}`;
}

/** The fingerprints of a local description, in the form that `transport:connect` takes. */
export function dtlsParametersOf(sdp: string): DtlsParameters {
  const fingerprints = [...sdp.matchAll(/^a=fingerprint:(\S+) (\S+)/gm)].map(([, algorithm, value]) => ({
    algorithm: algorithm!.toLowerCase() as DtlsParameters['fingerprints'][number]['algorithm'],
    value: value!,
  }));
  if (fingerprints.length === 0) throw new Error('The local description carries no fingerprint');
  const setup = /^a=setup:(\w+)/m.exec(sdp)?.[1];
  if (setup !== 'active') throw new Error(`The local description should take the active part, not ${setup ?? 'none'}`);
  return { role: 'client', fingerprints: unique(fingerprints) };
}

function fingerprintLines({ fingerprints }: DtlsParameters): string[] {
  const strongest = fingerprints.find(({ algorithm }) => algorithm === 'sha-256') ?? fingerprints[0];
  return strongest ? [`a=fingerprint:${strongest.algorithm} ${strongest.value}`] : [];
}

function mediaLines({ mid, direction, rtpParameters }: OfferedMedia): string[] {
  const { codecs, headerExtensions = [], encodings = [], rtcp } = rtpParameters;
  const payloadTypes = codecs.map(({ payloadType }) => payloadType).join(' ');
  const cname = rtcp?.cname ?? 'tribune';
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${payloadTypes}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=${direction}`,
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...codecs.flatMap(codecLines),
    ...headerExtensions.map(({ id, uri }) => `a=extmap:${id} ${uri}`),
    ...(direction === 'sendonly'
      ? encodings.flatMap(({ ssrc }) => (ssrc === undefined ? [] : [`a=ssrc:${ssrc} cname:${cname}`]))
      : []),
  ];
}

function codecLines(codec: RtpParameters['codecs'][number]): string[] {
  const { payloadType, mimeType, clockRate, channels, parameters = {} } = codec;
  const name = mimeType.slice(mimeType.indexOf('/') + 1);
  const format = Object.entries(parameters)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(';');
  return [
    `a=rtpmap:${payloadType} ${name}/${clockRate}${channels && channels > 1 ? `/${channels}` : ''}`,
    ...(format ? [`a=fmtp:${payloadType} ${format}`] : []),
  ];
}

function unique<T extends { algorithm: string; value: string }>(fingerprints: readonly T[]): T[] {
  return [...new Map(fingerprints.map((entry) => [`${entry.algorithm} ${entry.value}`, entry])).values()];
}
