import type { LucideIcon } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { PageHeader } from './PageHeader.tsx';
import styles from './EndingPage.module.css';

interface EndingPageProps {
  readonly icon?: LucideIcon;
  readonly title: string;
  readonly children: ReactNode;
  /** What to do now. */
  readonly buttons: ReactNode;
}

/** A page with one thing to say, in place of what was asked for: its heading has the focus, so that it is read. */
export function EndingPage({ icon: Icon, title, children, buttons }: EndingPageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className={styles.page}>
      <PageHeader />
      <main className={styles.main}>
        {Icon && (
          <span className={styles.icon} aria-hidden="true">
            <Icon size={40} strokeWidth={1.8} />
          </span>
        )}
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h1>
        {children}
        <div className={styles.buttons}>{buttons}</div>
      </main>
    </div>
  );
}

/** A paragraph of it. */
export function EndingText({ children }: { readonly children: ReactNode }) {
  return <p className={styles.next}>{children}</p>;
}
