/** Why the database could not be prepared, and what to do about it. */
export class PreparationError extends Error {
  public override readonly name = 'PreparationError';
}
