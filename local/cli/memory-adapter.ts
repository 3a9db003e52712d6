/** Stores the records of the identity provider in memory, until the process ends. */

/** The searchable part of a record. */
interface Payload {
  readonly uid?: string;
  readonly userCode?: string;
  readonly grantId?: string;
  readonly consumed?: number;
}

interface Stored {
  readonly payload: Payload;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** The adapter interface of oidc-provider: one adapter for each kind of record. */
export class MemoryAdapter {
  readonly #stored = new Map<string, Stored>();

  async upsert(id: string, payload: Payload, expiresInSeconds = Number.POSITIVE_INFINITY): Promise<void> {
    const now = Date.now();
    for (const [each, { expiresAtMs }] of this.#stored) if (expiresAtMs <= now) this.#stored.delete(each);
    this.#stored.set(id, { payload, expiresAtMs: now + expiresInSeconds * 1000 });
  }

  async find(id: string): Promise<Payload | undefined> {
    const stored = this.#stored.get(id);
    return stored && stored.expiresAtMs > Date.now() ? stored.payload : undefined;
  }

  async findByUid(uid: string): Promise<Payload | undefined> {
    return this.#findBy((payload) => payload.uid === uid);
  }

  async findByUserCode(userCode: string): Promise<Payload | undefined> {
    return this.#findBy((payload) => payload.userCode === userCode);
  }

  /** Marks a code or a refresh token as used. A second use revokes the whole grant. */
  async consume(id: string): Promise<void> {
    const stored = this.#stored.get(id);
    if (!stored) return;
    const payload = { ...stored.payload, consumed: Math.floor(Date.now() / 1000) };
    this.#stored.set(id, { ...stored, payload });
  }

  async destroy(id: string): Promise<void> {
    this.#stored.delete(id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, { payload }] of this.#stored) if (payload.grantId === grantId) this.#stored.delete(id);
  }

  #findBy(fits: (payload: Payload) => boolean): Payload | undefined {
    const now = Date.now();
    return [...this.#stored.values()].find(({ payload, expiresAtMs }) => expiresAtMs > now && fits(payload))
      ?.payload;
  }
}
