/** What a process saw of its bus, noted outside of the storage. */
export interface BusEffect {
  /** The input was acknowledged. */
  readonly type: 'published';
  /** Its place in the list. */
  readonly input: number;
}
