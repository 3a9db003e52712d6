/** Copies a text to the clipboard. */
import { useState } from 'preact/hooks';

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [outcome, setOutcome] = useState('');
  const copy = () =>
    // Absent on a page that is not served over HTTPS or from this machine.
    (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(
      () => setOutcome('Copied.'),
      () => setOutcome('The browser refused. Select the text and copy it.'),
    );
  return (
    <>
      <button type="button" onClick={copy}>
        {label}
      </button>{' '}
      <span role="status">{outcome}</span>
    </>
  );
}
