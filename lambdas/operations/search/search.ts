/** Runs the step of `search`: in a call up to 1,000 files and ten seconds, else in a job that continues the call. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shortenText } from 'mcp-async-operations/operation';
import type { Step, StepContext } from 'mcp-async-operations/steps';
import * as z from 'zod';
import { normalizeName } from '../project/names.ts';
import { type ProjectSource, type SourceFile, withSource } from '../project/read-source.ts';
import { Matches } from './matches.ts';
import { MAX_FILES_OF_A_CALL, type SearchInput, type SearchOutput } from './operation.ts';
import { compileGlob, compilePattern, type Test } from './pattern.ts';
import { asText, searchText } from './search-text.ts';

/** Intermediate result that a call passes to its job. */
const done = z.strictObject({
  /** SHA-256 of the searched archive; the job starts over for another archive. */
  sha256: z.string(),
  /** Number of searched files, in the order of the archive. */
  files: z.int().nonnegative(),
  skipped: z.int().nonnegative(),
});
type Done = z.output<typeof done>;

const NOTHING_DONE = { files: 0, skipped: 0 };
const MAX_MATCHES = 100_000;
const MAX_FILE_BYTES = 10 * 1024 * 1024;

export const search: Step<SearchInput> = (context) => {
  const { pattern, glob, case_sensitive, project } = context.input;
  const test = compilePattern(pattern, case_sensitive);
  const isWanted = glob === undefined ? () => true : compileGlob(normalizeName(glob));
  return withSource(context, project, async (source, directory): Promise<SearchOutput> => {
    const files = source.files.filter(({ path }) => isWanted(normalizeName(path)));
    if (glob !== undefined && files.length === 0) return nothingSelected(glob, source);
    if (files.length > MAX_FILES_OF_A_CALL)
      context.call?.handOver({ sha256: source.sha256, ...NOTHING_DONE });
    const run = await SearchRun.begin(context, source, files, directory);
    await run.search(test);
    return run.result();
  });
};

/** An empty result must not look like a search that found nothing. */
function nothingSelected(glob: string, { files }: ProjectSource): SearchOutput {
  const name = glob.replace(/^\.?\//, '').normalize('NFC');
  const hint = files.some(({ path }) => path.normalize('NFC').startsWith(`${name}/`))
    ? `It names a directory: use "${name}/**".`
    : glob.includes('\\')
      ? 'A backslash makes the next character literal; write / between directories.'
      : '* stays within a directory; **/ crosses directories.';
  const note = `No file of the project matches the glob ${JSON.stringify(shortenText(glob, 200))}, so nothing was searched. ${hint}`;
  return { matches: [], total: 0, complete: true, files_searched: 0, files_skipped: 0, note };
}

class SearchRun {
  readonly #context: StepContext<SearchInput>;
  readonly #source: ProjectSource;
  readonly #files: readonly SourceFile[];
  readonly #matches: Matches;
  #done: Done;

  private constructor(
    context: StepContext<SearchInput>,
    source: ProjectSource,
    files: readonly SourceFile[],
    matches: Matches,
    done: Done,
  ) {
    this.#context = context;
    this.#source = source;
    this.#files = files;
    this.#matches = matches;
    this.#done = done;
  }

  /** Starts at the beginning, or continues the call. */
  static async begin(
    context: StepContext<SearchInput>,
    source: ProjectSource,
    files: readonly SourceFile[],
    directory: string,
  ): Promise<SearchRun> {
    const file = join(directory, 'matches.jsonl');
    const earlier = done.optional().parse(context.handedOver);
    if (earlier?.sha256 !== source.sha256 || earlier.files === 0) {
      const nothing = { sha256: source.sha256, ...NOTHING_DONE };
      return new SearchRun(context, source, files, await Matches.open(file), nothing);
    }
    const missing = new Error(
      'The matches of the call are missing in the workspace. Start the search again.',
    );
    const { signal } = context;
    await context.workspace.download(matchesOfCall(context), file, {
      signal,
      maxBytes: Number.POSITIVE_INFINITY,
      missing,
      tooLarge: missing,
    });
    return new SearchRun(
      context,
      source,
      files,
      await Matches.open(file, await readFile(file, 'utf8')),
      earlier,
    );
  }

  async search(test: Test): Promise<void> {
    const { call, signal, progress } = this.#context;
    await this.#source.read(this.#files.slice(this.#done.files), async (file, content) => {
      if (call?.isDue()) await this.#handOver();
      const isSearched = await this.#searchFile(file, content, test, signal);
      const { sha256, files, skipped } = this.#done;
      this.#done = { sha256, files: files + 1, skipped: skipped + (isSearched ? 0 : 1) };
      progress(this.#done.files / this.#files.length, `${this.#done.files} of ${this.#files.length} files`);
      return this.#matches.total < MAX_MATCHES;
    });
  }

  async result(): Promise<SearchOutput> {
    const { workspace, signal, jobId } = this.#context;
    const { first, total, file } = this.#matches;
    const { files, skipped } = this.#done;
    const counts = {
      total,
      complete: files === this.#files.length,
      files_searched: files - skipped,
      files_skipped: skipped,
    };
    if (first.length === total) return { matches: first, ...counts };
    await this.#matches.flush();
    const key = `results/${jobId}/matches.jsonl`;
    const digest = await workspace.upload(key, file, {
      signal,
      contentType: 'application/jsonl; charset=utf-8',
    });
    return { matches: first, ...counts, all: { key, ...digest } };
  }

  /** @returns false for a file that is not text or too large */
  async #searchFile(
    { path, size }: SourceFile,
    content: AsyncIterable<Buffer>,
    test: Test,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (size > MAX_FILE_BYTES) return false;
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    const text = asText(Buffer.concat(chunks));
    if (text === undefined) return false;
    for await (const match of searchText(path, text, test, this.#context.input.context, signal)) {
      await this.#matches.add(match);
    }
    return true;
  }

  async #handOver(): Promise<void> {
    const { call, workspace, signal } = this.#context;
    await this.#matches.flush();
    await workspace.upload(matchesOfCall(this.#context), this.#matches.file, {
      signal,
      contentType: 'application/jsonl; charset=utf-8',
    });
    call?.handOver(this.#done);
  }
}

function matchesOfCall({ jobId }: Pick<StepContext, 'jobId'>): string {
  return `work/${jobId}/matches.jsonl`;
}
