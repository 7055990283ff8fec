import { expect, it } from 'vitest';
import { sendingParameters } from './rtpParameters.ts';

it('names its stream in one word, as browsers that receive it need', () => {
  const opus = { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2, preferredPayloadType: 100 };
  const { rtcp } = sendingParameters({ codecs: [{ ...opus, kind: 'audio' }] }, 1, 'Speaker 1');
  expect(rtcp?.cname).toBe('Speaker-1');
});
