/** Checks every state machine with a validator of Amazon States Language that the local cloud does not use. */
import validate from 'asl-validator';
import { assemblies } from '../support/assemblies.ts';
import { stateMachineDefinitions } from '../support/state-machine-definitions.ts';

const definitions = Object.entries({
  ...stateMachineDefinitions(assemblies.app),
  ...stateMachineDefinitions(assemblies.test),
});

test.each(definitions)('%s is valid Amazon States Language', (_id, definition) => {
  const { isValid, errorsText } = validate(definition);
  expect(isValid ? '' : errorsText('\n')).toBe('');
});

test('only the first state can go on with a later one, by an error that none of its retries takes', () => {
  interface Task {
    readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
    readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  }
  const resumed = definitions.map(([, definition]) => {
    const { StartAt, States } = definition as { StartAt: string; States: Record<string, Task> };
    const { [StartAt]: first, ...others } = States;
    const names = ({ Catch = [] }: Task) =>
      Catch.flatMap(({ ErrorEquals, Next }) =>
        ErrorEquals.filter((name) => name.startsWith('ResumeAt.')).map((name) => [name, Next]),
      );
    expect(Object.values(others).flatMap(names)).toEqual([]);
    const caught = names(first ?? {});
    for (const [name, next] of caught) expect(name).toBe(`ResumeAt.${next}`);
    const retried = first?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals) ?? [];
    expect(retried.filter((name) => /^(States\.(?!HeartbeatTimeout)|ResumeAt)/.test(name))).toEqual([]);
    return `${StartAt} ${caught.map(([, next]) => next).join(' ')}`.trim();
  });
  expect(resumed).toEqual(
    // `deploy` is retried as a whole.
    expect.arrayContaining(['install compile test package', 'verify', 'one two three four', 'request']),
  );
});

test('the validator refuses a state that does not exist', () => {
  const [, definition] = definitions[0] ?? [];
  expect(validate({ ...definition, StartAt: 'Absent' }).isValid).toBe(false);
});
