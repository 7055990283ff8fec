import { screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { called, renderPage } from '../../dev/renderRoom.tsx';
import { loadOutput } from '../client/media/outputDevices.ts';
import { OutputField } from './OutputField.tsx';

const OUTPUTS = [
  { kind: 'audiooutput', deviceId: 'default', label: 'Default' },
  { kind: 'audiooutput', deviceId: 'speakers', label: 'Speakers' },
  { kind: 'audiooutput', deviceId: 'headset', label: 'Headset' },
];

function browserWith(mediaDevices: object): void {
  Object.defineProperty(HTMLMediaElement.prototype, 'setSinkId', { value: () => {}, configurable: true });
  const value = Object.assign(new EventTarget(), mediaDevices);
  Object.defineProperty(navigator, 'mediaDevices', { value, configurable: true });
}

beforeEach(() => localStorage.clear());
afterEach(() => {
  delete (HTMLMediaElement.prototype as { setSinkId?: unknown }).setSinkId;
  delete (navigator as { mediaDevices?: unknown }).mediaDevices;
});

describe('the choice of what to hear through', () => {
  it('is kept for the next visit, and offers each device once', async () => {
    browserWith({ enumerateDevices: () => Promise.resolve(OUTPUTS) });
    const onChange = called();
    const { user } = renderPage(<OutputField onChange={onChange} />);
    const field = await screen.findByLabelText('Sound output');
    expect(screen.getAllByRole('option').map(({ textContent }) => textContent)).toEqual([
      'System default',
      'Speakers',
      'Headset',
    ]);
    await user.selectOptions(field, 'Headset');
    expect(onChange).toHaveBeenCalledWith('headset');
    expect(loadOutput()).toBe('headset');
    await user.selectOptions(field, 'System default');
    expect(loadOutput()).toBeNull();
  });

  it('is the list of the browser where it has one, which needs no microphone', async () => {
    browserWith({
      enumerateDevices: () => Promise.resolve([]),
      selectAudioOutput: () => Promise.resolve({ deviceId: 'headset', label: 'Headset' }),
    });
    const onChange = called();
    const { user } = renderPage(<OutputField onChange={onChange} />);
    await user.click(screen.getByRole('button', { name: 'Choose another output…' }));
    expect(onChange).toHaveBeenCalledWith('headset');
    expect(screen.getByLabelText<HTMLSelectElement>('Sound output').value).toBe('headset');
  });

  it('is not there where the browser cannot choose', () => {
    Object.defineProperty(navigator, 'mediaDevices', {
      value: Object.assign(new EventTarget(), { enumerateDevices: () => Promise.resolve(OUTPUTS) }),
      configurable: true,
    });
    renderPage(<OutputField onChange={called()} />);
    expect(screen.queryByLabelText('Sound output')).toBeNull();
  });
});
