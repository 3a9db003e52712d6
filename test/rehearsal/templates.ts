/** Checks the templates of all variants of the stack with cfn-lint, which knows the schema of resource types. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stackVariants, variantApp } from '../support/stack-variants.ts';
import { CIMD_POLICY, removeResources, templateFiles } from './assemblies.ts';
import { REGION } from './ministack.ts';
import { runProgram } from './programs.ts';
import type { Report } from './report.ts';

/** @param directory for the templates */
export async function templateChecks(report: Report, python: string, directory: string): Promise<void> {
  await report.check('cfn-lint finds nothing in the templates of all variants', async () => {
    const files: string[] = [];
    for (const [name, props] of Object.entries(stackVariants)) {
      const assembly = join(directory, name.replaceAll(' ', '-'));
      await mkdir(assembly, { recursive: true });
      variantApp(props, assembly).synth();
      await removeResources(assembly, CIMD_POLICY);
      files.push(...(await templateFiles(assembly)));
    }
    const cfnLint = join(dirname(python), 'cfn-lint');
    const options = ['--regions', REGION, '--format', 'parseable'];
    await runProgram(python, [cfnLint, ...options, '--', ...files], { env: process.env });
  });
}
