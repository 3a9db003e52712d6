/** Asks before it acts. */
import { useEffect, useRef, useState } from 'preact/hooks';
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
  const confirm = useRef<HTMLButtonElement>(null);
  // The button that asked is gone.
  useEffect(() => {
    if (isAsking) confirm.current?.focus();
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" disabled={disabled} onClick={() => setIsAsking(true)}>
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
        ref={confirm}
        onClick={() => {
          setIsAsking(false);
          onConfirm();
        }}
      >
        {label}
      </button>{' '}
      <button type="button" onClick={() => setIsAsking(false)}>
        Keep
      </button>
    </fieldset>
  );
}
