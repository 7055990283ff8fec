import { DropdownMenu } from 'radix-ui';
import { Fragment, type ReactNode } from 'react';
import { cx } from '../cx.ts';
import styles from './Menu.module.css';

interface MenuItem {
  readonly label: string;
  readonly icon: ReactNode;
  /** Undefined: not allowed or not possible, and therefore not shown. */
  readonly run: (() => void) | undefined;
  readonly danger?: boolean;
}

interface MenuProps {
  readonly label: string;
  readonly trigger: ReactNode;
  readonly groups: readonly (readonly MenuItem[])[];
  /** For a menu that is loaded by the click which asks for it. */
  readonly defaultOpen?: boolean;
  readonly align?: 'start' | 'center' | 'end';
}

/** Opens beside its trigger in the document too, so that it stays within the landmark or the dialog that it belongs to. */
export function Menu({ label, trigger, groups, defaultOpen = false, align = 'center' }: MenuProps) {
  const shown = groups.map((items) => items.filter(({ run }) => run)).filter((items) => items.length > 0);
  return (
    <DropdownMenu.Root defaultOpen={defaultOpen} modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Content
        className={styles.menu}
        aria-label={label}
        // Radix names the menu after its button, whose words go on with what the button shows.
        {...{ 'aria-labelledby': undefined }}
        align={align}
        sideOffset={6}
        collisionPadding={12}
      >
        {shown.map((items, index) => (
          <Fragment key={items[0]?.label}>
            {index > 0 && <DropdownMenu.Separator className={styles.separator} />}
            {items.map(({ label: text, icon, run, danger }) => (
              <DropdownMenu.Item
                key={text}
                className={cx(styles.item, danger && styles.danger)}
                onSelect={() => run?.()}
              >
                {icon}
                {text}
              </DropdownMenu.Item>
            ))}
          </Fragment>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
