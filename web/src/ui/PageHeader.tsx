import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Logo } from './Logo.tsx';
import styles from './PageHeader.module.css';

/** The bar of every page outside a room. */
export function PageHeader({ children }: { readonly children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <header className={styles.header}>
      <Link href="/" className={styles.brand} aria-label={t('app.home')}>
        <Logo />
        <span aria-hidden="true">Tribune</span>
      </Link>
      <div className={styles.tools}>{children}</div>
    </header>
  );
}
