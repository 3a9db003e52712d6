/** Asks before it acts. */
import { useEffect, useRef, useState } from 'preact/hooks';

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
  const ask = useRef<HTMLButtonElement>(null);
  const hasAsked = useRef(false);
  // The button with the focus is gone.
  useEffect(() => {
    if (isAsking) confirm.current?.focus();
    else if (hasAsked.current) ask.current?.focus();
    hasAsked.current = isAsking;
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" ref={ask} disabled={disabled} onClick={() => setIsAsking(true)}>
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
