/** The examples of the CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data". */
import { expect, test } from '@jest/globals';
import { type AlarmState, alarmState, type MissingData } from '../../../local/cloudwatch/alarm-state.ts';

const TREATMENTS: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
const KEPT = 'retain the current state';

/** `0` is within the threshold, `X` breaches it, `-` is missing. */
function points(text: string): (boolean | undefined)[] {
  return text.split(' ').map((point) => ({ '0': false, X: true })[point]);
}

function state(text: string, datapointsToAlarm: number, missingData: MissingData): AlarmState | typeof KEPT {
  const rule = { evaluationPeriods: 3, datapointsToAlarm, missingData };
  const states = (['OK', 'ALARM'] as const).map((current) => alarmState(points(text), rule, current));
  const [afterOk = 'OK', afterAlarm] = states;
  return afterOk === afterAlarm ? afterOk : KEPT;
}

test.each([
  ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
  ['- - - - 0', ['OK', 'OK', 'OK', 'OK']],
  ['- - - - -', ['INSUFFICIENT_DATA', KEPT, 'ALARM', 'OK']],
  ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['- - X - -', ['ALARM', KEPT, 'ALARM', 'OK']],
])('three data points of three periods decide the state of %s', (text, expected) => {
  expect(TREATMENTS.map((treatment) => state(text, 3, treatment))).toEqual(expected);
});

test.each([
  ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - X -', ['ALARM', KEPT, 'ALARM', 'OK']],
])('two data points of three periods decide the state of %s', (text, expected) => {
  expect(TREATMENTS.map((treatment) => state(text, 2, treatment))).toEqual(expected);
});

test.each(['- - - - X', '- - - X -'])('%s does not alarm before its time', (text) => {
  expect(state(text, 3, 'missing')).toBe('OK');
});
