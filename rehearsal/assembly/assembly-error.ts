/** Something in a cloud assembly that cannot be read or resolved; the message says where and what. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}
