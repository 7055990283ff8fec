import type { ReactionKind } from '@tribune/shared/domain.ts';
import clap from './reactions/clap.svg';
import fire from './reactions/fire.svg';
import heart from './reactions/heart.svg';
import hundred from './reactions/hundred.svg';
import laugh from './reactions/laugh.svg';
import wave from './reactions/wave.svg';

/** The same pictures on every system. */
export const REACTION_PICTURES: Readonly<Record<ReactionKind, string>> = { heart, clap, laugh, fire, hundred, wave };
