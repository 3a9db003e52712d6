/** Runs the commands of the tutorial that need an account, as the page has them. */
import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { type Block, isFile, tutorialBlocks, writeFileOf } from '../../package/tutorial.ts';
import { removeResources } from '../assemblies.ts';
import { UNKNOWN_TYPES } from '../deployment.ts';
import { REGION } from '../ministack.ts';
import { runProgram } from '../programs.ts';

/** What the page installs. `npm run test:programs` installs it from npm, and the packed package. */
const PACKAGES = ['aws-cdk', 'aws-cdk-lib', 'constructs', 'zod'];
const ASSEMBLY = 'cdk.out';

/** The app of the tutorial, and the shell in which its reader works. */
export class Tutorial {
  /** Name of the stack. */
  readonly stack = 'WordService';
  /** Absolute path of the synthesized assembly. */
  readonly assembly: string;
  readonly #folder: string;
  readonly #blocks: readonly Block[];
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(folder: string, blocks: readonly Block[], environment: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#blocks = blocks;
    this.#environment = environment;
    this.assembly = join(folder, ASSEMBLY);
  }

  /**
   * Writes the files of the page.
   * @param home empty folder outside of `node_modules`, below which Node runs no TypeScript
   * @param python in whose environment the AWS CLI is
   */
  static async write(home: string, python: string): Promise<Tutorial> {
    const folder = join(home, 'word-service');
    const { local, deployed } = await tutorialBlocks();
    for (const block of local.filter(isFile)) await writeFileOf(block, folder);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await linkPackages(join(folder, 'node_modules'));
    await writeFile(join(home, '.curlrc'), curlOptions());
    return new Tutorial(folder, deployed, {
      ...process.env,
      HOME: home,
      PATH: [dirname(python), process.env.PATH].join(delimiter),
      NODE_OPTIONS: '--conditions=mcp-async-operations-source',
      // The AWS CLI of PyPI does not read AWS_REGION.
      AWS_DEFAULT_REGION: REGION,
      // Answers to the questions of the CDK CLI.
      CDK_REQUIRE_APPROVAL: 'never',
      CDK_FORCE: 'true',
      CDK_NOTICES: 'false',
    });
  }

  /** Synthesizes the app without what ministack does not know. Commands of the page deploy that assembly. */
  async synthesize(): Promise<void> {
    await this.#shell('npx cdk synth --quiet --context monitoring=false');
    for (const type of UNKNOWN_TYPES) await removeResources(this.assembly, type);
    this.#environment.CDK_APP = ASSEMBLY;
  }

  /**
   * Runs the block of a kind. The definitions of earlier blocks apply, as in the shell of a reader.
   * @returns what its commands print
   * @throws Error with the end of their output when one fails
   */
  run(kind: string): Promise<string> {
    const index = this.#blocks.findIndex((block) => block.kind === `sh ${kind}`);
    const block = this.#blocks[index];
    if (!block) throw new Error(`The tutorial has no block "sh ${kind}".`);
    const definitions = this.#blocks.slice(0, index).flatMap(({ text }) => /^OUT\(\).*$/m.exec(text) ?? []);
    return this.#shell([...definitions, block.text].join('\n'));
  }

  /** Kinds of the blocks of commands, in the order of the page. */
  get kinds(): readonly string[] {
    return this.#blocks.flatMap(({ kind }) => /^sh ?(.*)$/.exec(kind)?.[1] ?? []);
  }

  /** @returns a function that returns the value of an output, by the name that the page gives it */
  async outputs(): Promise<(name: string) => string> {
    const file = JSON.parse(await readFile(join(this.#folder, 'outputs.json'), 'utf8'));
    const outputs = Object.entries<string>(file[this.stack]);
    return (name) => {
      const [found, ...others] = outputs.filter(([key]) =>
        new RegExp(`^(Operations)?${name}([0-9A-F]{8})?$`).test(key),
      );
      assert.ok(found && others.length === 0, `Outputs: ${outputs.map(([key]) => key).join(', ')}`);
      return found[1];
    };
  }

  #shell(commands: string): Promise<string> {
    return runProgram('sh', ['-c', `set -e\n${commands}`], { env: this.#environment, cwd: this.#folder });
  }
}

async function linkPackages(modules: string): Promise<void> {
  await mkdir(join(modules, '.bin'), { recursive: true });
  for (const name of PACKAGES) await symlink(resolve('node_modules', name), join(modules, name));
  await symlink(resolve('node_modules/aws-cdk/bin/cdk'), join(modules, '.bin', 'cdk'));
  await symlink(resolve('.'), join(modules, 'mcp-async-operations'));
}

/** Returns curl's configuration: it finds all hosts at ministack, and trusts its authority. */
function curlOptions(): string {
  const { port } = new URL(process.env.AWS_ENDPOINT_URL ?? '');
  return `connect-to = "::127.0.0.1:${port}"\ncacert = "${process.env.AWS_CA_BUNDLE}"\n`;
}
