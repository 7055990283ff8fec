import { describe, expect, it } from 'vitest';
import { buildOffer, candidateLine, dtlsParametersOf, type OfferedMedia } from './sdp.ts';

const transport = {
  id: 'transport',
  iceParameters: { usernameFragment: 'fragment', password: 'password', iceLite: true },
  iceCandidates: [],
  dtlsParameters: {
    role: 'auto' as const,
    fingerprints: [
      { algorithm: 'sha-1' as const, value: '11:11' },
      { algorithm: 'sha-256' as const, value: 'AB:CD' },
    ],
  },
};

function media(mid: string, direction: OfferedMedia['direction'], ssrc: number): OfferedMedia {
  return {
    mid,
    direction,
    rtpParameters: {
      codecs: [
        {
          mimeType: 'audio/opus',
          payloadType: 100,
          clockRate: 48_000,
          channels: 2,
          parameters: { useinbandfec: 1, usedtx: 1 },
        },
      ],
      headerExtensions: [{ id: 10, uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', encrypt: false }],
      encodings: [{ ssrc }],
      rtcp: { cname: 'alice' },
    },
  };
}

describe('buildOffer', () => {
  const offer = buildOffer(transport, [media('0', 'inactive', 1), media('1', 'sendonly', 2)], 3);
  const lines = offer.split('\r\n');

  it('describes the transport once, with its strongest fingerprint', () => {
    expect(lines).toEqual(
      expect.arrayContaining([
        'o=- 1 3 IN IP4 127.0.0.1',
        'a=ice-lite',
        'a=ice-ufrag:fragment',
        'a=ice-pwd:password',
        'a=fingerprint:sha-256 AB:CD',
        'a=setup:actpass',
        'a=group:BUNDLE 0 1',
      ]),
    );
    expect(offer).not.toContain('sha-1 ');
    expect(offer.endsWith('\r\n')).toBe(true);
  });

  it('describes each stream in its own section', () => {
    const second = lines.slice(lines.lastIndexOf('m=audio 9 UDP/TLS/RTP/SAVPF 100'));
    expect(second).toEqual([
      'm=audio 9 UDP/TLS/RTP/SAVPF 100',
      'c=IN IP4 0.0.0.0',
      'a=mid:1',
      'a=sendonly',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      'a=rtpmap:100 opus/48000/2',
      'a=fmtp:100 useinbandfec=1;usedtx=1',
      'a=extmap:10 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
      'a=ssrc:2 cname:alice',
      '',
    ]);
  });

  it('keeps the section of a stream that is over, without its source', () => {
    expect(lines).toContain('a=inactive');
    expect(offer).not.toContain('ssrc:1 ');
  });

  it('withholds candidates until the server is ready for them', () => {
    expect(offer).not.toContain('candidate');
  });
});

describe('candidateLine', () => {
  const candidate = {
    foundation: 'f',
    priority: 5,
    ip: '127.0.0.1',
    address: '127.0.0.1',
    port: 40_000,
    type: 'host' as const,
  };

  it('follows RFC 8839', () => {
    expect(candidateLine({ ...candidate, protocol: 'udp' })).toBe('candidate:f 1 udp 5 127.0.0.1 40000 typ host');
    expect(candidateLine({ ...candidate, protocol: 'tcp', tcpType: 'passive' })).toBe(
      'candidate:f 1 tcp 5 127.0.0.1 40000 typ host tcptype passive',
    );
  });
});

describe('dtlsParametersOf', () => {
  it('takes the fingerprints of all sections once', () => {
    const sdp = 'v=0\r\na=fingerprint:SHA-256 AB:CD\r\nm=audio 9\r\na=fingerprint:sha-256 AB:CD\r\na=setup:active\r\n';
    expect(dtlsParametersOf(sdp)).toEqual({ role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'AB:CD' }] });
  });

  it('refuses a description that could not connect', () => {
    expect(() => dtlsParametersOf('a=setup:active\r\n')).toThrow('fingerprint');
    expect(() => dtlsParametersOf('a=fingerprint:sha-256 AB\r\na=setup:passive\r\n')).toThrow('passive');
  });
});
