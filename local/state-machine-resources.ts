/** The state machines of the template, ready to run. */
import type { Template } from './assembly.ts';
import type { Resolve } from './intrinsics.ts';
import { resourcesOf } from './stack-resources.ts';
import { compileStateMachine, type TaskRunner } from './state-machine.ts';

interface MachineProperties {
  readonly DefinitionString: string;
}

/** @param tasksOf a machine, by its ARN @returns by ARN. @throws Error when a definition is not valid here. */
export function createStateMachines(
  template: Template,
  resolve: Resolve,
  tasksOf: (machineArn: string) => TaskRunner,
  onStateEntered: () => void,
): Map<string, ReturnType<typeof compileStateMachine>> {
  const found = resourcesOf<MachineProperties>(
    template,
    resolve,
    ['AWS::StepFunctions::StateMachine'],
    ['DefinitionString'],
  );
  return new Map(
    [...found].map(([machineArn, { DefinitionString }]) => [
      machineArn,
      compileStateMachine(DefinitionString, tasksOf(machineArn), onStateEntered),
    ]),
  );
}
