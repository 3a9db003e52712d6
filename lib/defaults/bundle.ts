/**
 * Bundles the code of a function into one file with esbuild, in this process. CDK's `NodejsFunction` starts npx for each
 * function, which takes three times as long.
 */
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage, SymlinkFollowMode } from 'aws-cdk-lib';
import { type Architecture, Code } from 'aws-cdk-lib/aws-lambda';
import type { Node } from 'constructs';
import { type BuildOptions, buildSync, version } from 'esbuild';
import type { Catalogue } from '../catalogue.ts';
import { addPackages, type Platform } from './add-packages.ts';
import { addPage, type Page } from './add-page.ts';
import { BundleCache, type MadeBundle } from './bundle-cache.ts';
import { lambdaEntry } from './lambda-entry.ts';
import { LOCAL_CONTEXT } from './local-context.ts';

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
/** Sources of this package import it by name and need this condition. Built files resolve to themselves. */
const SOURCE_CONDITION = import.meta.url.endsWith('.ts') ? ['mcp-async-operations-source'] : [];

export interface BundleProps {
  /** Path of the `*.lambda.ts` file. */
  readonly entry: string;
  /** The operations that the bundle contains as `#catalogue`. @default none */
  readonly catalogue?: Catalogue;
  /** Replacement modules, by import specifier. @default none */
  readonly alias?: Readonly<Record<string, string>>;
  /**
   * Keeps all parts of the AWS SDK, for the code of operators and for operations with event streams.
   * @default without the parts that the engine never uses
   */
  readonly wholeSdk?: boolean;
  /** npm packages to install beside the bundle: programs and native modules. @default none */
  readonly packages?: readonly string[];
  /** The page whose files the function serves: they are in the directory `pages` beside the bundle. @default none */
  readonly page?: Page;
}

/**
 * Returns the bundled code. Its handler is `index.handler`.
 * @throws Error with the messages of esbuild or npm
 */
export function bundle(
  node: Node,
  architecture: Architecture,
  { entry, catalogue, alias = {}, wholeSdk = false, packages = [], page }: BundleProps,
): Code {
  const http = lambdaEntry('shared/http/node-http', 'c');
  const aliases = {
    http,
    'node:http': http,
    '@aws-sdk/credential-provider-node': lambdaEntry('shared/aws/env-credentials'),
    ...(!wholeSdk && {
      '@aws-sdk/endpoint-cache': lambdaEntry('shared/aws/no-endpoint-cache'),
      '@smithy/core/event-streams': lambdaEntry('shared/aws/no-event-streams'),
    }),
    ...(catalogue && { '#catalogue': catalogue.module }),
    ...alias,
  };
  const names = JSON.stringify(catalogue?.operations.map(({ name }) => name) ?? []);
  const isLocal = node.tryGetContext(LOCAL_CONTEXT) !== undefined;
  const platform = isLocal ? localPlatform() : platformOf(architecture);
  return Code.fromAsset(packageRoot, {
    assetHashType: AssetHashType.OUTPUT,
    // The hash of linked packages is that of their paths.
    ...(isLocal && { followSymlinks: SymlinkFollowMode.NEVER }),
    bundling: {
      // CDK never starts this image. Image and command identify the bundle.
      image: DockerImage.fromRegistry('none'),
      command: [
        entry,
        names,
        page ?? '',
        ...packages,
        ...Object.values(platform),
        ...Object.entries(aliases).flat(),
      ],
      local: {
        tryBundle(outputDirectory) {
          writeFileSync(
            join(outputDirectory, 'index.mjs'),
            bundledCode({
              entryPoints: [entry],
              absWorkingDir: packageRoot,
              bundle: true,
              minify: true,
              platform: 'node',
              format: 'esm',
              target: 'node24',
              // A list replaces esbuild's default, `module`.
              conditions: ['module', ...SOURCE_CONDITION],
              // The AWS SDK's ES modules are a quarter smaller than its CommonJS build: esbuild removes unused code.
              // The bundle includes the SDK: the tested version runs, and one file imports faster than many.
              mainFields: ['module', 'main'],
              banner: {
                js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);',
              },
              alias: aliases,
              external: [...packages],
              // A text: esbuild would import a list into each module.
              define: { DEPLOYED_OPERATIONS: JSON.stringify(names) },
              // What checks an app at import does not belong into a function.
              logOverride: { 'ignored-bare-import': 'silent' },
            }),
          );
          addPackages(packages, { entry, outputDirectory, platform, links: isLocal });
          if (page) addPage(page, join(outputDirectory, 'pages'));
          // Here it would follow the links.
          if (!isLocal) makeReadable(outputDirectory);
          return true;
        },
      },
    },
  });
}

/**
 * Gives every user the owner's permissions to read and execute. The archive keeps the modes, which follow the umask of this
 * machine, and Lambda runs as another user.
 */
function makeReadable(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = statSync(path);
    chmodSync(path, mode | 0o444 | (mode & 0o100 ? 0o111 : 0));
  }
}

function platformOf(architecture: Architecture): Platform {
  return { os: 'linux', cpu: architecture.name === 'arm64' ? 'arm64' : 'x64', libc: 'glibc' };
}

/** Each function asks for it, and a report takes milliseconds. */
let thisPlatform: Platform | undefined;

/** Returns the platform of this machine, for the local cloud. */
function localPlatform(): Platform {
  thisPlatform ??= { os: process.platform, cpu: process.arch, libc: isMusl() ? 'musl' : 'glibc' };
  return thisPlatform;
}

function isMusl(): boolean {
  const { header } = process.report.getReport() as { readonly header: object };
  return process.platform === 'linux' && !('glibcVersionRuntime' in header);
}

/** By directory. */
const caches = new Map<string, BundleCache>();

/**
 * Returns the bundle that esbuild makes of the options. With the directory `BUNDLE_CACHE`, which the local cloud and tests set, it
 * may be an earlier one of the same sources.
 */
function bundledCode(options: BuildOptions): string {
  const { BUNDLE_CACHE: directory } = process.env;
  if (!directory) return build(options).code;
  const cache = caches.get(directory) ?? new BundleCache(directory);
  caches.set(directory, cache);
  return cache.readOrMake({ ...options, esbuild: version }, () => build(options));
}

function build(options: BuildOptions): MadeBundle {
  const { outputFiles, metafile } = buildSync({ ...options, write: false, metafile: true });
  const sources = Object.keys(metafile.inputs).map((path) => resolve(packageRoot, path));
  // esbuild reads them, and does not name them.
  const settings = ['package.json', 'tsconfig.json'].map((name) => join(packageRoot, name));
  return { code: outputFiles[0]?.text ?? '', sources: [...sources, ...settings] };
}
