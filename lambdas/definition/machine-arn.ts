/** ARNs of state machines. */

export interface MachineArn {
  readonly region: string;
  readonly account: string;
}

/** Without a version or an alias behind the name: executions are named after machines, and events are told of machines. */
const MACHINE_ARN = /^arn:aws[a-z-]*:states:([a-z0-9-]+):(\d{12}):stateMachine:[\w+!@.()='-]{1,80}$/;

/** @returns undefined when it is none */
export function parseMachineArn(text: string): MachineArn | undefined {
  const [, region, account] = MACHINE_ARN.exec(text) ?? [];
  return region !== undefined && account !== undefined ? { region, account } : undefined;
}
