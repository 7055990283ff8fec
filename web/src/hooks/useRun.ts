import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf } from '../i18n/problems.ts';
import { useNotify } from './useNotify.ts';

/** Resolves to whether it worked. */
export type Run = (work: () => Promise<unknown>) => Promise<boolean>;

/** Does something that the server may refuse; a refusal is told as a toast with its next step. */
export function useRun(): Run {
  const { t } = useTranslation();
  const notify = useNotify();
  return useCallback(
    async (work) => {
      try {
        await work();
        return true;
      } catch (error) {
        const problem = problemOf(error);
        notify({
          id: problem,
          tone: 'error',
          text: t(`problems.${problem}.title`),
          detail: t(`problems.${problem}.next`),
        });
        return false;
      }
    },
    [t, notify],
  );
}
