import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, PageHeader } from './ui/index.ts';
import styles from './CrashBoundary.module.css';

interface CrashBoundaryState {
  readonly crashed: boolean;
}

/** The last resort, for a mistake of ours. */
export class CrashBoundary extends Component<{ readonly children: ReactNode }, CrashBoundaryState> {
  override readonly state: CrashBoundaryState = { crashed: false };

  static getDerivedStateFromError(): CrashBoundaryState {
    return { crashed: true };
  }

  override render(): ReactNode {
    return this.state.crashed ? <CrashView /> : this.props.children;
  }
}

function CrashView() {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader />
      <main className={styles.main} role="alert">
        <h1>{t('app.crashTitle')}</h1>
        <p>{t('app.crashNext')}</p>
        <Button variant="primary" size="lg" onClick={() => window.location.reload()}>
          {t('action.reload')}
        </Button>
      </main>
    </>
  );
}
