import type { Person } from '@tribune/shared/domain.ts';
import { roomId } from '@tribune/shared/schemas.ts';
import type { Request } from 'express';
import type { Archive } from '../../archive/Archive.ts';
import type { Tokens } from '../../auth/Tokens.ts';
import { RecordingLookup } from '../../broadcast/RecordingLookup.ts';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { RecordingDetail } from '../../sql/recording.ts';
import { authenticate } from '../authenticate.ts';
import { guardLookups, type LookupOptions } from '../guardLookups.ts';

export interface RecordingAccessOptions extends LookupOptions {
  readonly archive: Pick<Archive, 'recordings'>;
  readonly tokens: Tokens;
  readonly config: Pick<Config, 'basePath'>;
}

/** What may be heard by whom: the path of sound carries a pass, because players ask for it without a session. */
const OPEN = 'open';

/** Who may hear and change a recording. */
export class RecordingAccess {
  readonly #lookup: RecordingLookup;
  readonly #tokens: Tokens;
  readonly #basePath: string;
  readonly #guarded: ReturnType<typeof guardLookups>;

  constructor({ archive, tokens, config, ...lookups }: RecordingAccessOptions) {
    this.#lookup = new RecordingLookup(archive.recordings);
    this.#tokens = tokens;
    this.#basePath = config.basePath;
    this.#guarded = guardLookups(lookups);
  }

  /** @throws {AppError} NOT_FOUND */
  async find(req: Request<{ id: string }>): Promise<RecordingDetail> {
    return this.#guarded(req, async () => {
      const { id } = req.params;
      const recording = roomId.safeParse(id).success ? await this.#lookup.find(id) : null;
      if (!recording) throw new AppError('NOT_FOUND', 'There is no such recording');
      return recording;
    });
  }

  /** For its host. @throws {AppError} NOT_FOUND, NOT_ALLOWED */
  async findOwn(req: Request<{ id: string }>): Promise<RecordingDetail> {
    const person = authenticate(req, this.#tokens);
    const recording = await this.find(req);
    if (recording.host.userId !== person.userId) throw new AppError('NOT_ALLOWED', 'Only its host may do that');
    return recording;
  }

  /** For its host, once it is complete. @throws {AppError} NOT_FOUND, NOT_ALLOWED, INVALID_STATE */
  async findOwnReady(req: Request<{ id: string }>): Promise<RecordingDetail> {
    return assertReady(await this.findOwn(req));
  }

  /** A complete one, for those who may know of it. @throws {AppError} NOT_FOUND, NOT_ALLOWED, INVALID_STATE */
  async findReadable(req: Request<{ id: string }>): Promise<{ recording: RecordingDetail; person: Person | null }> {
    const { recording, person } = await this.findKnown(req);
    return { recording: assertReady(recording), person };
  }

  /** For those who may know of it, and who asks. @throws {AppError} NOT_FOUND, NOT_ALLOWED */
  async findKnown(req: Request<{ id: string }>): Promise<{ recording: RecordingDetail; person: Person | null }> {
    const recording = await this.find(req);
    const person = req.get('authorization') ? authenticate(req, this.#tokens) : null;
    if (recording.visibility === 'private' && recording.host.userId !== person?.userId)
      throw new AppError('NOT_ALLOWED', 'The recording is private');
    return { recording, person };
  }

  /** Path of what everyone hears who may, up to the name of the file. */
  pathOf({ id, visibility }: Pick<RecordingDetail, 'id' | 'visibility'>): string {
    return `${this.#basePath}/api/recordings/${id}/${visibility === 'private' ? this.#tokens.signListening(id) : OPEN}`;
  }

  /** Path of what its host alone hears. */
  uncutPathOf({ id }: Pick<RecordingDetail, 'id'>): string {
    return `${this.#basePath}/api/recordings/${id}/${this.#tokens.signListening(uncut(id))}/uncut`;
  }

  /** @throws {AppError} NOT_FOUND, NOT_ALLOWED, INVALID_STATE */
  async findHeard(req: Request<{ id: string; pass: string }>): Promise<RecordingDetail> {
    return assertReady(await this.findPlayable(req));
  }

  /** Also one that goes on. @throws {AppError} NOT_FOUND, NOT_ALLOWED */
  async findPlayable(req: Request<{ id: string; pass: string }>): Promise<RecordingDetail> {
    const recording = await this.find(req);
    if (recording.visibility === 'private' && !this.#tokens.mayListen(req.params.pass, recording.id))
      throw new AppError('NOT_ALLOWED', 'The recording is private');
    return recording;
  }

  /** @throws {AppError} NOT_FOUND, NOT_ALLOWED, INVALID_STATE */
  async findUncut(req: Request<{ id: string; pass: string }>): Promise<RecordingDetail> {
    const recording = await this.find(req);
    if (!this.#tokens.mayListen(req.params.pass, uncut(recording.id)))
      throw new AppError('NOT_ALLOWED', 'Only its host hears what is cut out');
    return assertReady(recording);
  }

  /** It was changed. */
  forget(id: string): void {
    this.#lookup.forget(id);
  }
}

function uncut(id: string): string {
  return `${id}/uncut`;
}

function assertReady(recording: RecordingDetail): RecordingDetail {
  if (recording.state !== 'ready') throw new AppError('INVALID_STATE', 'The recording still goes on');
  return recording;
}
