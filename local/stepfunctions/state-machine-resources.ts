/** Creates the state machines of the template. */
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import { compileStateMachine, type TaskRunner } from './state-machine.ts';

interface MachineProperties {
  readonly DefinitionString: string;
  readonly StateMachineType?: 'STANDARD' | 'EXPRESS';
}

export interface LocalMachine {
  readonly definition: string;
  readonly isExpress: boolean;
  /** Milliseconds since 1970. */
  readonly updateDate: number;
  readonly run: ReturnType<typeof compileStateMachine>;
}

/**
 * @param tasksOf returns the tasks of a state machine, by its ARN
 * @returns state machines by ARN
 * @throws Error for an invalid definition
 */
export function createStateMachines(
  template: Template,
  resolve: Resolve,
  tasksOf: (machineArn: string) => TaskRunner,
  onStateEntered: () => void,
): Map<string, LocalMachine> {
  const found = resourcesOf<MachineProperties>(
    template,
    resolve,
    ['AWS::StepFunctions::StateMachine'],
    ['DefinitionString', 'StateMachineType'],
  );
  return new Map(
    [...found].map(([machineArn, { DefinitionString, StateMachineType }]) => [
      machineArn,
      {
        definition: DefinitionString,
        isExpress: StateMachineType === 'EXPRESS',
        updateDate: Date.now(),
        run: compileStateMachine(DefinitionString, tasksOf(machineArn), onStateEntered),
      },
    ]),
  );
}
