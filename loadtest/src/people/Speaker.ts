import type { NotificationName, Notifications } from '@tribune/shared/protocol.ts';
import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { during, Failure, within } from './failure.ts';
import { MEDIA_TIMEOUT_MS, Peer, type PeerOptions } from './Peer.ts';
import { MEDIA_LOST_GRACE_MS } from './PeerReception.ts';
import type { SpeechFrame } from '../media/speech.ts';
import { SpeakerMedia } from '../media/SpeakerMedia.ts';

const INVITATION_TIMEOUT_MS = 10_000;
const PUBLISH_ATTEMPTS = 20;
/** Until what is sent the new way has come through the buffers on it. */
const OVERLAP_MS = 1000;
const PUBLISH_DELAY_MS = 500;

export interface SpeakerOptions extends PeerOptions {
  readonly speech: { readonly frames: readonly SpeechFrame[]; readonly firstFrame: number };
  /** False is someone who stands on stage and is muted, as most there do. */
  readonly isOpen: boolean;
  /** Once, when the speaker can no longer be heard. Not called after `close()`. */
  onLost(failure: Failure): void;
}

/** One simulated person on stage: hears the others as a browser would, and says the speech of the fixture over and over. */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #peer: Peer;
  #media: SpeakerMedia | null = null;
  #producerId: string | null = null;
  #speaks = false;
  #round = 0;
  /** Counts of media that was replaced. */
  #past = { sent: 0, skipped: 0 };
  #closed = false;

  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#peer = new Peer(options, {
      onLost: (failure) => options.onLost(failure),
      sendTransportId: () => this.#media?.transportId ?? null,
      onFollowed: (media) => {
        this.#watchProducer();
        if (media !== 'kept' && this.#speaks) void this.#speakAgain();
      },
    });
  }

  /** Packets sent so far. */
  get sent(): number {
    return this.#past.sent + (this.#media?.sent ?? 0);
  }

  /** Frames left out because this process came too late to send them. */
  get skipped(): number {
    return this.#past.skipped + (this.#media?.skipped ?? 0);
  }

  /** Address of the node that they are at; null where the server is one node. @throws {Error} before `enter()`. */
  get node(): string | null {
    return this.#peer.ticket.url;
  }

  /** @throws {Error} before `enter()`. */
  get signaling(): SignalingClient {
    return this.#peer.signaling;
  }

  /** @throws {Failure} */
  async enter(): Promise<void> {
    await this.#peer.enter();
    this.#watchProducer();
  }

  /** Comes on stage at the invitation that `invite` brings about. @throws {Failure} */
  async acceptInvitation(invite: () => Promise<unknown>): Promise<void> {
    const invited = notified(this.signaling, 'self:changed', ({ self }) => self.invitedBy !== null);
    await during('stage', invite);
    await within(invited, INVITATION_TIMEOUT_MS, 'stage:not-invited');
    await during('stage', async () => this.signaling.request('stage:accept'));
  }

  /** Publishes, and, unless muted, speaks until `close()`; where the stage moves meanwhile, with the next attempt. @throws {Failure} */
  async speak(): Promise<void> {
    this.#speaks = true;
    await this.#untilSpeaking();
  }

  /** Mutes the microphone of a speaker whose microphone is open, or opens it again. @throws {Failure} */
  async setMuted(muted: boolean): Promise<void> {
    if (muted) this.#media?.hush();
    await during('stage', async () => this.signaling.request('stage:setMuted', { muted }));
    if (!muted) this.#media?.speak();
  }

  close(): void {
    this.#closed = true;
    this.#media?.close();
    this.#peer.close();
  }

  #watchProducer(): void {
    this.signaling.on('producer:closed', ({ producerId }) => {
      if (producerId === this.#producerId) void this.#speakAgain();
    });
  }

  async #createMedia(): Promise<SpeakerMedia> {
    const { name, speech } = this.#options;
    const { signaling, ticket } = this.#peer;
    const transport = await signaling.request('transport:create');
    const media: SpeakerMedia = new SpeakerMedia(name, transport, ticket.rtpCapabilities, speech, {
      connectTransport: async (transportId, dtlsParameters) =>
        signaling.request('transport:connect', { transportId, dtlsParameters }),
      onLost: () => this.#handleMediaLost(media),
    });
    return media;
  }

  #handleMediaLost(media: SpeakerMedia): void {
    const timer = setTimeout(() => {
      if (media === this.#media && !this.#closed && this.#producerId !== null)
        this.#options.onLost(new Failure('media:lost'));
    }, MEDIA_LOST_GRACE_MS);
    timer.unref();
  }

  /** The server's media was lost, as when its worker died: publishes anew, as a page does. */
  async #speakAgain(): Promise<void> {
    await this.#untilSpeaking().catch((error: unknown) => this.#options.onLost(Failure.from('media', error)));
  }

  async #untilSpeaking(): Promise<void> {
    this.#producerId = null;
    // A newer attempt takes the place of this one.
    const round = ++this.#round;
    const isCurrent = () => !this.#closed && round === this.#round;
    for (let attempt = 1; isCurrent(); attempt++) {
      try {
        return await this.#publish();
      } catch (error) {
        if (!isCurrent()) return;
        if (attempt === PUBLISH_ATTEMPTS) throw error;
        await delay(PUBLISH_DELAY_MS);
      }
    }
  }

  /** The media before goes on sending until the new media does. */
  async #publish(): Promise<void> {
    const media = await during('media', async () => this.#createMedia());
    try {
      await during('media', async () => this.#send(media));
    } catch (error) {
      media.close();
      throw error;
    }
    const before = this.#media;
    this.#past = { sent: this.sent, skipped: this.skipped };
    this.#media = media;
    if (this.#closed) media.close();
    setTimeout(() => before?.close(), OVERLAP_MS).unref();
  }

  async #send(media: SpeakerMedia): Promise<void> {
    await media.connect(MEDIA_TIMEOUT_MS);
    const { transportId, rtpParameters } = media;
    const { producerId } = await this.signaling.request('producer:create', { transportId, rtpParameters });
    this.#producerId = producerId;
    if (!this.#options.isOpen) return;
    await this.signaling.request('stage:setMuted', { muted: false });
    media.speak();
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
