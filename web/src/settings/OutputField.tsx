import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listOutputs, loadOutput, outputPrompt, saveOutput, type OutputDevice } from '../client/media/outputDevices.ts';
import { Button, Field } from '../ui/index.ts';

/** Read again when something is plugged in or out. */
function useOutputs(): readonly OutputDevice[] {
  const [outputs, setOutputs] = useState<readonly OutputDevice[]>([]);
  useEffect(() => {
    let over = false;
    const refresh = async () => {
      const found = await listOutputs().catch(() => []);
      if (!over) setOutputs(found);
    };
    const handleChange = () => void refresh();
    handleChange();
    // Absent in insecure contexts, whatever the type says.
    const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
    mediaDevices?.addEventListener('devicechange', handleChange);
    return () => {
      over = true;
      mediaDevices?.removeEventListener('devicechange', handleChange);
    };
  }, []);
  return outputs;
}

/** What to hear the room through; nothing where the browser leaves that to the system, or names no device yet. */
export function OutputField({ onChange }: { readonly onChange: (deviceId: string | null) => void }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(loadOutput);
  const [prompted, setPrompted] = useState<OutputDevice | null>(null);
  const listed = useOutputs();
  const prompt = outputPrompt();
  const isListed = (deviceId: string) => listed.some((output) => output.deviceId === deviceId);
  const outputs = prompted && !isListed(prompted.deviceId) ? [...listed, prompted] : listed;
  if (outputs.length === 0 && !prompt) return null;
  const choose = (deviceId: string | null) => {
    setChosen(deviceId);
    saveOutput(deviceId);
    onChange(deviceId);
  };
  const handlePrompt = async () => {
    const output = await prompt?.();
    if (!output) return;
    setPrompted(output);
    choose(output.deviceId);
  };
  const known = outputs.some(({ deviceId }) => deviceId === chosen);
  return (
    <>
      <Field label={t('settings.output')}>
        {(control) => (
          <select
            {...control}
            value={known ? (chosen ?? '') : ''}
            onChange={(event) => choose(event.target.value || null)}
          >
            <option value="">{t('settings.outputDefault')}</option>
            {outputs.map(({ deviceId, label }, index) => (
              <option key={deviceId} value={deviceId}>
                {label || t('settings.outputUnnamed', { number: index + 1 })}
              </option>
            ))}
          </select>
        )}
      </Field>
      {prompt && (
        <Button size="sm" onClick={() => void handlePrompt()}>
          {t('settings.outputChoose')}
        </Button>
      )}
    </>
  );
}
