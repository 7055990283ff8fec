import type { TransportInfo } from '@tribune/shared/protocol.ts';
import { randomInt } from 'node:crypto';
import { MediaConnection } from './MediaConnection.ts';
import { audioLevelIdOf, sendingParameters } from './rtpParameters.ts';
import type { DtlsParameters, RtpCapabilities, RtpParameters } from './sdp.ts';
import type { SpeechFrame } from './speech.ts';
import { SpeechSender } from './SpeechSender.ts';

export interface SpeakerMediaHandlers {
  connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<unknown>;
  /** Once, when a connection that was up is lost. */
  onLost(): void;
}

/** The sending half of one speaker: a connection and the speech on it. */
export class SpeakerMedia {
  readonly rtpParameters: RtpParameters;
  readonly #transport: TransportInfo;
  readonly #handlers: SpeakerMediaHandlers;
  readonly #connection: MediaConnection;
  readonly #sender: SpeechSender;
  readonly #ssrc = randomInt(1, 0x1_0000_0000);

  constructor(
    name: string,
    transport: TransportInfo,
    router: RtpCapabilities,
    speech: { frames: readonly SpeechFrame[]; firstFrame: number },
    handlers: SpeakerMediaHandlers,
  ) {
    this.rtpParameters = sendingParameters(router, this.#ssrc, name);
    this.#transport = transport;
    this.#handlers = handlers;
    this.#connection = new MediaConnection(name, transport, {
      onLost: () => handlers.onLost(),
    });
    const stream = {
      ssrc: this.#ssrc,
      payloadType: this.rtpParameters.codecs[0]!.payloadType,
      audioLevelId: audioLevelIdOf(this.rtpParameters),
    };
    this.#sender = new SpeechSender(
      speech.frames,
      stream,
      (packet) => this.#connection.send(packet),
      speech.firstFrame,
    );
  }

  get transportId(): string {
    return this.#transport.id;
  }

  /** Packets sent so far. */
  get sent(): number {
    return this.#sender.sent;
  }

  /** Frames left out because this process came too late to send them. */
  get skipped(): number {
    return this.#sender.skipped;
  }

  /** @throws {MediaError} when ICE or DTLS fails; whatever `connectTransport` throws. */
  async connect(timeoutMs: number): Promise<void> {
    const sending = { rtpParameters: this.rtpParameters, ssrc: this.#ssrc };
    await this.#handlers.connectTransport(this.#transport.id, this.#connection.offerSending(sending));
    await this.#connection.start();
    await this.#connection.waitUntilConnected(timeoutMs);
  }

  /** Speaks until `hush()` or `close()`. */
  speak(): void {
    this.#sender.start();
  }

  hush(): void {
    this.#sender.stop();
  }

  close(): void {
    this.#sender.stop();
    this.#connection.close();
  }
}
