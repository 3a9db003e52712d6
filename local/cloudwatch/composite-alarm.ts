/** Reads `AWS::CloudWatch::CompositeAlarm`: an alarm that is on while all of its parts are. */

export interface CompositeAlarmProperties {
  readonly AlarmName?: string;
  readonly AlarmDescription?: string;
  readonly AlarmRule?: string;
}

export const COMPOSITE_PROPERTIES = ['AlarmName', 'AlarmDescription', 'AlarmRule'] as const;

export interface CompositeAlarm {
  readonly name: string;
  readonly description: string;
  /** Names of metric alarms. */
  readonly parts: readonly string[];
}

/** `ALARM("arn:aws:cloudwatch:us-east-1:000000000000:alarm:NAME")`, or with the name alone. */
const PART = /^ALARM\("(?:arn:[^"]+:alarm:)?([^":]+)"\)$/;

/** @throws Error for a rule with something else than ALARM and AND */
export function readCompositeAlarm(logicalId: string, properties: CompositeAlarmProperties): CompositeAlarm {
  const {
    AlarmName: name = logicalId,
    AlarmDescription: description = '',
    AlarmRule: rule = '',
  } = properties;
  const parts = rule
    .replace(/^\((.*)\)$/s, '$1')
    .split(/\s+AND\s+/)
    .map((part) => {
      const [, alarm] = PART.exec(part.trim()) ?? [];
      if (alarm !== undefined) return alarm;
      throw new Error(
        `Alarm ${logicalId} has the rule ${rule}: use ALARM("…") AND ALARM("…"), which the local cloud supports.`,
      );
    });
  return { name, description, parts };
}
