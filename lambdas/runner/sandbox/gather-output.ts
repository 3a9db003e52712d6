/** Gathers the output of a step, so that many small writes become few messages. It knows nothing of how they are sent. */

/** Time from a short text to its message. */
export const GATHER_MS = 50;
/** Code units that are sent at once. */
export const GATHER_CHARACTERS = 16 * 1024;
/** Code units of one message. */
const MAX_MESSAGE_CHARACTERS = 32 * 1024;

/** What the next text can complete: half of a character, a line end of two characters, an escape code. Longer ones are none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes begin with them
const INCOMPLETE_END = /(?:[\ud800-\udbff]|\r|[\u001b\u009b][[\]()#;?\d]{0,30})$/;
const LONGEST_INCOMPLETE = 32;

export interface GatherOptions {
  /** Sends one message. The next one follows when its promise resolves. When it rejects, the rest is dropped. */
  readonly send: (text: string) => Promise<void> | void;
  /** Maximum code units of one message. @default 32 Ki */
  readonly maxCharacters?: number;
}

/** Sends text in order, one message at a time: after 50 ms, or at once when 16 Ki characters wait. */
export class GatheredText {
  readonly #send: GatherOptions['send'];
  readonly #maxCharacters: number;
  /** Messages that wait for those before them. */
  #messages: string[] = [];
  /** Shorter than a message. */
  #rest = '';
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #waiting = new Set<() => void>();

  constructor({ send, maxCharacters = MAX_MESSAGE_CHARACTERS }: GatherOptions) {
    this.#send = send;
    this.#maxCharacters = maxCharacters;
  }

  /** Appends text. Await `drain` between writes: text that waits is in memory. */
  write(text: string): void {
    if (this.#failure) return;
    this.#rest += text;
    if (this.#rest.length >= GATHER_CHARACTERS) this.#take(incompleteEnd(this.#rest));
    else if (this.#rest) this.#timer ??= setTimeout(() => this.#take(incompleteEnd(this.#rest)), GATHER_MS);
  }

  /** Resolves when at most one message waits for the one that is being sent, or the transport has failed. */
  async drain(): Promise<void> {
    while (this.#messages.length > 1) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Sends everything that was written. @throws the error of `send` */
  async flush(): Promise<void> {
    this.#take('');
    await this.#sending;
    if (this.#failure) throw this.#failure.error;
  }

  /** Makes messages of the text. @param kept its end, which waits for more */
  #take(kept: string): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const whole = this.#rest.slice(0, this.#rest.length - kept.length);
    this.#rest = kept;
    for (let start = 0; start < whole.length; ) {
      const end = start + this.#maxCharacters;
      const piece = whole.slice(start, end);
      const message = end < whole.length ? piece.slice(0, piece.length - incompleteEnd(piece).length) : piece;
      this.#messages.push(message);
      start += message.length;
    }
    if (this.#messages.length > 0) this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    try {
      for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift()) {
        await this.#send(next);
        this.#wake();
      }
    } catch (error) {
      this.#failure = { error };
      this.#messages = [];
      this.#rest = '';
      this.#wake();
    }
    this.#sending = undefined;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** @returns the end of a text that the next text can complete; empty without one */
export function incompleteEnd(text: string): string {
  return INCOMPLETE_END.exec(text.slice(-LONGEST_INCOMPLETE))?.[0] ?? '';
}
