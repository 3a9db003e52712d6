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

test('the validator refuses a state that does not exist', () => {
  const [, definition] = definitions[0] ?? [];
  expect(validate({ ...definition, StartAt: 'Absent' }).isValid).toBe(false);
});
