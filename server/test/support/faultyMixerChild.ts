import { RoomMixer } from '../../src/mixer/child/RoomMixer.ts';

/**
 * A mixer process in which errors can be had for the asking: a speaker with one of these payload types makes its room throw at that
 * place, as a decoder or an encoder would.
 */
export const FAULTS = { mix: 120, packet: 121, decoder: 122 } as const;

const { mix, receive, setSpeakers } = RoomMixer.prototype;
const faults = new WeakMap<RoomMixer, number>();

RoomMixer.prototype.setSpeakers = function (speakers) {
  const fault = speakers.find(({ payloadType }) => payloadType >= FAULTS.mix)?.payloadType;
  if (fault !== undefined) faults.set(this, fault);
  if (fault === FAULTS.decoder) void Promise.reject(new Error('no decoder'));
  setSpeakers.call(this, speakers);
};
RoomMixer.prototype.mix = function (dueMs) {
  if (faults.get(this) === FAULTS.mix) throw new Error('a fault in the mix');
  return mix.call(this, dueMs);
};
RoomMixer.prototype.receive = function (packet, arrivalMs) {
  if (faults.get(this) === FAULTS.packet) throw new Error('a fault in a packet');
  receive.call(this, packet, arrivalMs);
};

// Started as a process, and not for its constants.
if (process.send && process.argv[1] === import.meta.filename) await import('../../src/mixer/child/mixerChild.ts');
