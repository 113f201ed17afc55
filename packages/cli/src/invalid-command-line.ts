/** Something that the caller of the command must change: an option, a file, a module. */
export class InvalidCommandLine extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'InvalidCommandLine';
  }
}
