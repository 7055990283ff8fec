import '@fontsource-variable/bricolage-grotesque/index.css';
import '@fontsource-variable/figtree/index.css';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { createRoot } from 'react-dom/client';
import { ApiContext } from '../src/hooks/useApi.ts';
import { startI18n } from '../src/i18n/i18n.ts';
import { isLanguage } from '../src/i18n/languages.ts';
import { WAYS_OUT } from '../src/i18n/problems.ts';
import '../src/styles/tokens.css';
import '../src/styles/base.css';
import { AnnouncerProvider, NotifierProvider } from '../src/ui/index.ts';
import { closedScene, SCENES } from './scenes.tsx';

/** `gallery.html?scene=live-host&theme=dark&lang=fr`, for looking at every view without a server. Not part of the build. */
const query = new URLSearchParams(window.location.search);
const theme = query.get('theme');
const language = query.get('lang');
const name = query.get('scene');

if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
await startI18n(isLanguage(language) ? language : 'en');

function scene(asked: string) {
  const reason = Object.keys(WAYS_OUT).find((key) => `closed-${key}` === asked);
  return reason ? closedScene(reason as keyof typeof WAYS_OUT) : (SCENES[asked]?.() ?? <Contents />);
}

function Contents() {
  const names = [...Object.keys(SCENES), ...Object.keys(WAYS_OUT).map((reason) => `closed-${reason}`)];
  return (
    <ul style={{ padding: 24 }}>
      {names.map((each) => (
        <li key={each}>
          <a href={`?scene=${each}`}>{each}</a>
        </li>
      ))}
    </ul>
  );
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <ApiContext value={new ApiClient()}>
      <AnnouncerProvider>
        <NotifierProvider>{scene(name ?? '')}</NotifierProvider>
      </AnnouncerProvider>
    </ApiContext>,
  );
}
