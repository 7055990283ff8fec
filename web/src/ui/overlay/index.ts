export { ChapterForm } from './ChapterForm.tsx';
export { Choice } from './Choice.tsx';
export { ConfirmDialog } from './ConfirmDialog.tsx';
export { Dialog } from './Dialog.tsx';
export { Menu } from './Menu.tsx';
export { SwitchField } from './SwitchField.tsx';
