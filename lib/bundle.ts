/**
 * The code of a function: one file, bundled by esbuild in this process. CDK's own `NodejsFunction` starts npx for each,
 * which takes three times as long as the bundle.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

const ALIAS = { '@aws-sdk/credential-provider-node': `${repositoryRoot}lambdas/shared/credentials.ts` };

export interface BundleProps {
  /** The `*.lambda.ts` file. */
  readonly entry: string;
  /** Modules to take in place of others, by import specifier. @default none */
  readonly alias?: Readonly<Record<string, string>>;
  /** npm packages that are copied whole beside the bundle, for code that runs them as programs. @default none */
  readonly packages?: readonly string[];
}

/** Its handler is `index.handler`. @throws Error, with what esbuild has printed, for what it cannot bundle */
export function bundle({ entry, alias = {}, packages = [] }: BundleProps): Code {
  const aliases = { ...ALIAS, ...alias };
  return Code.fromAsset(repositoryRoot, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // What CDK would run elsewhere: it is not run, and tells one bundle from another.
      image: DockerImage.fromRegistry('none'),
      command: [entry, ...packages, ...Object.entries(aliases).flat()],
      local: {
        tryBundle(outputDirectory) {
          const outfile = `${outputDirectory}/index.mjs`;
          const cached = cachedBundle(entry, aliases);
          if (cached && existsSync(cached)) copyFileSync(cached, outfile);
          else
            buildSync({
              entryPoints: [entry],
              outfile,
              absWorkingDir: repositoryRoot,
              bundle: true,
              minify: true,
              platform: 'node',
              format: 'esm',
              target: 'node24',
              // The AWS SDK's ES modules, not its CommonJS build: a quarter smaller, since unused code is left out. All of it
              // goes in: what was tested is what runs, and one file imports faster than many.
              mainFields: ['module', 'main'],
              banner: {
                js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);',
              },
              alias: aliases,
            });
          if (cached) addToCache(outfile, cached);
          for (const name of packages) {
            cpSync(`${repositoryRoot}node_modules/${name}`, `${outputDirectory}/${name}`, {
              recursive: true,
            });
          }
          return true;
        },
      },
    },
  });
}

/**
 * The file in the directory `BUNDLE_CACHE` that has this bundle, or will have it. Undefined without the variable. The
 * tests set it for one run, since sources do not change during a run.
 */
function cachedBundle(entry: string, aliases: Readonly<Record<string, string>>): string | undefined {
  const directory = process.env.BUNDLE_CACHE;
  const key = createHash('sha256')
    .update(JSON.stringify([entry, aliases]))
    .digest('hex');
  return directory && join(directory, `${key}.mjs`);
}

/** Renames the copy when it is complete: other processes read the cache at the same time. */
function addToCache(bundle: string, cached: string): void {
  if (existsSync(cached)) return;
  const copy = `${cached}.${process.pid}`;
  mkdirSync(dirname(cached), { recursive: true });
  copyFileSync(bundle, copy);
  renameSync(copy, cached);
}
