import { Link2, Share } from 'lucide-react';
import { Button } from '../../ui/index.ts';
import { useShare } from './useShare.ts';

export function ShareButton() {
  const { native, label, share } = useShare();
  const Icon = native ? Share : Link2;
  return (
    <Button variant="ghost" icon={<Icon size={19} aria-hidden="true" />} onClick={share}>
      {label}
    </Button>
  );
}
