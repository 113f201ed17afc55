import type { Logger, Storage } from '@dagger/core';
import { catchUp } from './catch-up.ts';
import { Groups, readGroups } from './groups.ts';
import type { LocalGroups } from './local-groups.ts';

/** All groups, as they were when this transport last read them. */
export class KnownGroups {
  readonly #storage: Storage;
  readonly #logger: Logger;
  #current: Groups = new Groups(0, []);

  constructor(storage: Storage, logger: Logger) {
    this.#storage = storage;
    this.#logger = logger;
  }

  get current(): Groups {
    return this.#current;
  }

  async reload(): Promise<void> {
    const groups = await readGroups(this.#storage);
    if (groups.version >= this.#current.version) this.#current = groups;
  }

  /** Makes the next deliveries of those whose position lies behind, where a member has room for them. */
  async catchUp(local: LocalGroups): Promise<void> {
    try {
      for (const group of local.all()) {
        const known = this.#current.named(group.name);
        // Where another one has its name, it was removed.
        const position = known?.id === group.id ? known.position : null;
        if (position === null || group.mayBeReady || group.room === 0) continue;
        const isMore = await catchUp(this.#storage, group.id);
        group.mayBeReady = true;
        if (!isMore) await this.reload();
      }
    } catch (error) {
      this.#logger('warn', 'a group could not catch up; the next look tries again', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
