/** The checks of `npm run rehearse`. `main.ts` runs it with the environment of an operator: node rehearsal.ts PYTHON DIRECTORY HOME */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployedOutputs } from '../../local/cli/deployed-stack.ts';
import { Caller, createUser } from './caller.ts';
import { addProject, bootstrap, deploy, STACK, synthesize } from './deployment.ts';
import { emptyAccount } from './ministack.ts';
import { Report } from './report.ts';
import { accessScenarios } from './scenarios/access.ts';
import { deleteEverything, retainedResources } from './scenarios/delete-everything.ts';
import { destroyScenario } from './scenarios/destroy.ts';
import { eventScenarios } from './scenarios/events.ts';
import { jobScenarios } from './scenarios/jobs.ts';
import { permissionCheck, sweepScenario } from './scenarios/permissions.ts';
import { restoreScenario, takeoverScenario } from './scenarios/restore.ts';
import { rotationScenarios } from './scenarios/rotate-keys.ts';
import { samplesScenario, signInScenarios } from './scenarios/sign-in.ts';
import { Tutorial } from './scenarios/tutorial.ts';
import { updateScenarios } from './scenarios/update.ts';
import { storeChecks } from './stores.ts';
import { templateChecks } from './templates.ts';

/** Types of the resources that hold data: they stay when the stack is deleted. */
const DATA = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret'];
/** CI allows ten minutes, with the installation of the packages. */
const TIME_LIMIT_MS = 9 * 60_000;
/** The projects that builds need have no dependencies, so that no package registry is asked. */
const projects = fileURLToPath(new URL('./projects', import.meta.url));

const [python = '', directory = '', home = ''] = process.argv.slice(2);
const report = new Report();

function end(): never {
  report.close();
  process.exit(report.failed ? 1 : 0);
}
process.on('SIGTERM', () => process.exit(1));
// The program that started this one has ended.
process.stdin.on('end', () => process.exit(1)).resume();
setTimeout(() => {
  report.fail('the time limit', `The rehearsal has not ended within ${TIME_LIMIT_MS / 60_000} minutes.`);
  end();
}, TIME_LIMIT_MS);

await rehearse().catch((error) => report.fail('the rehearsal', error));
end();

async function rehearse(): Promise<void> {
  await rehearseWithIam();
  // ministack names resources after their stack: a second stack would find the tables that the first leaves.
  await emptyAccount();
  const tutorial = await Tutorial.write(home, python);
  if (await signInScenarios(report, tutorial)) {
    await permissionCheck(report, join(directory, 'functions-sign-in.log'));
    await destroyScenario(report, tutorial.assembly, ['AWS::Cognito::UserPool', ...DATA], {
      stack: tutorial.stack,
      destroy: () => tutorial.run('delete').then(() => undefined),
    });
  }
  await emptyAccount();
  await samplesScenario(report, join(directory, 'samples'), join(projects, 'quick'));
  await permissionCheck(report, join(directory, 'functions-samples.log'));
  await templateChecks(report, python, join(directory, 'templates'));
  await storeChecks(report, python, directory);
}

async function rehearseWithIam(): Promise<void> {
  const iam = join(directory, 'iam');
  const outputs = await report.check('the app deploys with IAM authorization', async () => {
    await synthesize(iam, 'bin/app.ts', { authorization: 'iam' });
    await bootstrap(iam);
    await deploy(iam);
    return deployedOutputs(STACK);
  });
  if (!outputs) return;
  await report.check('add-project --stack adds projects', async () => {
    for (const name of ['quick', 'slow']) await addProject(join(projects, name));
  });
  const credentials = await createUser('caller', ['execute-api:Invoke']);
  const caller = await report.check('a user of IAM connects with signed requests', () =>
    Caller.connect(outputs, credentials),
  );
  if (!caller) return;
  await jobScenarios(report, caller, join(projects, 'quick'));
  await accessScenarios(report, outputs, credentials);
  await eventScenarios(report, caller, outputs);
  await rotationScenarios(report, caller);
  const updated = await updateScenarios(report, caller, directory);
  const lost = outputs.JobsTableName ?? '';
  await restoreScenario(report, caller, lost);
  await sweepScenario(report);
  await permissionCheck(report, join(directory, 'functions.log'));
  // After it, steps of earlier versions are refused: they may not use the lost table.
  const takenOver = await takeoverScenario(report, caller, lost, directory);
  await caller.close();
  const retained = await retainedResources();
  await destroyScenario(report, takenOver ?? updated, DATA);
  await deleteEverything(report, iam, { ...retained, tables: [...new Set([lost, ...retained.tables])] });
}
