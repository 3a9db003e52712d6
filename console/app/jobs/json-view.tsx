/** Shows JSON as text, the start of a long one. */
import { shortJson } from './short-json.ts';

export function JsonView({ value }: { readonly value: unknown }) {
  const { text, cut } = shortJson(value);
  return (
    <>
      <pre dir="auto">{text}</pre>
      {cut > 0 && <p class="hint">{cut.toLocaleString('en')} more characters are not shown.</p>}
    </>
  );
}
