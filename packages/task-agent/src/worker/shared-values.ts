import { DaggerError, type JsonValue, type Storage } from '@dagger/core';
import { checkJson } from '@dagger/core/kernel';
import type { SharedState } from '../agent/context.ts';
import { readStateValue } from '../store/reads.ts';
import { isStorable } from '../store/storable.ts';
import { changed, type StateWrite } from '../unit/state-writes.ts';

export interface SharedValuesOptions {
  readonly storage: Storage;
  readonly jobId: string;
  /** Throws when the attempt may write nothing any more. */
  readonly mustBeOwn: () => void;
}

/** The shared values of a job as one attempt sees them: what is stored, and over it what it wrote itself. */
export class SharedValues implements SharedState {
  /** What is stored together with the end of the attempt, in order. */
  readonly writes: StateWrite[] = [];
  readonly #options: SharedValuesOptions;

  constructor(options: SharedValuesOptions) {
    this.#options = options;
  }

  async get<T extends JsonValue = JsonValue>(key: string): Promise<T | undefined> {
    const { storage, jobId } = this.#options;
    let value = await readStateValue(storage, jobId, key);
    for (const change of this.writes) if (change.key === key) value = changed(value, change);
    return value as T | undefined;
  }

  set(key: string, value: JsonValue): void {
    this.#write({ op: 'set', key, value });
  }

  delete(key: string): void {
    this.#write({ op: 'delete', key });
  }

  append(key: string, value: JsonValue): void {
    this.#write({ op: 'append', key, value });
  }

  add(key: string, value: number): void {
    this.#write({ op: 'add', key, value });
  }

  #write(change: StateWrite): void {
    this.#options.mustBeOwn();
    if ('value' in change) checkJson(change.value);
    if (change.op === 'add' && typeof change.value !== 'number')
      throw new DaggerError(
        'TASK_INVALID',
        `only a number can be added to the shared value '${change.key}', not ${typeof change.value}`,
      );
    if (typeof change.key !== 'string' || change.key === '' || !isStorable(change.key))
      throw new DaggerError('TASK_INVALID', 'the key of a shared value must be text without NUL');
    this.writes.push(change);
  }
}
