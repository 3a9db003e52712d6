/** Shows a time in the reader's language and time zone; its title has it in UTC. */
const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** @param at ISO 8601 */
export function Time({ at }: { readonly at: string }) {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={at}>
      {Number.isNaN(ms) ? at : format.format(ms)}
    </time>
  );
}
