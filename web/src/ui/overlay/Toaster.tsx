import { useEffect } from 'react';
import { toast, Toaster as Sonner } from 'sonner';
import styles from './Toaster.module.css';
import type { Toast } from '../../hooks/useNotify.ts';

/** Draws the toasts; its section is a polite live region. Loaded after the first view, and handed back through `onReady`. */
export default function Toaster({ onReady }: { readonly onReady: (show: (toast: Toast) => void) => void }) {
  useEffect(() => {
    onReady(({ text, detail, tone, id }) => {
      const options = {
        ...(detail === undefined ? {} : { description: detail }),
        ...(id === undefined ? {} : { id }),
      };
      if (tone === 'error') toast.error(text, options);
      else toast(text, options);
    });
  }, [onReady]);
  return (
    <Sonner
      position="top-center"
      offset={16}
      toastOptions={{ classNames: { toast: styles.toast ?? '', description: styles.detail ?? '' } }}
    />
  );
}
