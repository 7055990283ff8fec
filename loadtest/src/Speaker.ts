import type { NotificationName, Notifications } from '@tribune/shared/protocol.ts';
import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import { during, within, type Failure } from './failure.ts';
import { MEDIA_TIMEOUT_MS, Peer, type PeerOptions } from './Peer.ts';
import type { SpeechFrame } from './speech.ts';
import { SpeakerMedia } from './SpeakerMedia.ts';

const INVITATION_TIMEOUT_MS = 10_000;

export interface SpeakerOptions extends PeerOptions {
  readonly speech: { readonly frames: readonly SpeechFrame[]; readonly firstFrame: number };
  /** Once, when the speaker can no longer be heard. Not called after `close()`. */
  onLost(failure: Failure): void;
}

/** One simulated person on stage: hears the others as a browser would, and says the speech of the fixture over and over. */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #peer: Peer;
  #media: SpeakerMedia | null = null;

  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#peer = new Peer(options, { onLost: (failure) => options.onLost(failure) });
  }

  /** Packets sent so far. */
  get sent(): number {
    return this.#media?.sent ?? 0;
  }

  /** Frames left out because this process came too late to send them. */
  get skipped(): number {
    return this.#media?.skipped ?? 0;
  }

  /** @throws {Error} before `enter()`. */
  get signaling(): SignalingClient {
    return this.#peer.signaling;
  }

  /** @throws {Failure} */
  async enter(): Promise<void> {
    await this.#peer.enter();
  }

  /** Comes on stage at the invitation that `invite` brings about. @throws {Failure} */
  async acceptInvitation(invite: () => Promise<unknown>): Promise<void> {
    const invited = notified(this.signaling, 'self:changed', ({ self }) => self.invitedBy !== null);
    await during('stage', invite);
    await within(invited, INVITATION_TIMEOUT_MS, 'stage:not-invited');
    await during('stage', async () => this.signaling.request('stage:accept'));
  }

  /** Publishes, unmutes, and speaks until `close()`. @throws {Failure} */
  async speak(): Promise<void> {
    const { name, speech, onLost } = this.#options;
    const { signaling, ticket } = this.#peer;
    await during('media', async () => {
      const transport = await signaling.request('transport:create');
      const media = new SpeakerMedia(name, transport, ticket.rtpCapabilities, speech, {
        connectTransport: async (transportId, dtlsParameters) =>
          signaling.request('transport:connect', { transportId, dtlsParameters }),
        onLost,
      });
      this.#media = media;
      await media.connect(MEDIA_TIMEOUT_MS);
      await signaling.request('producer:create', { transportId: transport.id, rtpParameters: media.rtpParameters });
      await signaling.request('stage:setMuted', { muted: false });
      media.speak();
    });
  }

  close(): void {
    this.#media?.close();
    this.#peer.close();
  }
}

/** Waits for a notification; the caller bounds the time. */
async function notified<N extends NotificationName>(
  signaling: SignalingClient,
  name: N,
  matches: (data: Notifications[N]) => boolean,
): Promise<Notifications[N]> {
  return new Promise((resolve) => {
    const stop = signaling.on(name, (data) => {
      if (!matches(data)) return;
      stop();
      resolve(data);
    });
  });
}
