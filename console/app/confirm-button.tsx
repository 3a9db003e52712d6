/** Asks before it acts. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import './confirm-button.css';

export interface ConfirmButtonProps {
  readonly label: string;
  /** What the action does. */
  readonly question: string;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
}

export function ConfirmButton({ label, question, disabled, onConfirm }: ConfirmButtonProps) {
  const [isAsking, setIsAsking] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const harmless = useRef<HTMLButtonElement>(null);
  const returns = useRef(false);
  // The button that had the focus is gone. A key that is held down must not confirm.
  useLayoutEffect(() => {
    if (isAsking) harmless.current?.focus();
  }, [isAsking]);
  useLayoutEffect(() => {
    if (!returns.current || !opener.current || disabled) return;
    returns.current = false;
    // Unless the person has gone elsewhere while the action ran.
    if (document.activeElement?.matches('body, main')) opener.current.focus();
  });
  const close = () => {
    returns.current = true;
    setIsAsking(false);
  };
  if (!isAsking) {
    return (
      <button type="button" ref={opener} disabled={disabled} onClick={() => setIsAsking(true)}>
        {label}…
      </button>
    );
  }
  return (
    <fieldset class="confirm">
      <legend class="visually-hidden">{label}</legend>
      <span>{question}</span>{' '}
      <button
        type="button"
        class="danger"
        disabled={disabled}
        onClick={() => {
          close();
          onConfirm();
        }}
      >
        {label}
      </button>{' '}
      <button type="button" ref={harmless} onClick={close}>
        Go back
      </button>
    </fieldset>
  );
}
