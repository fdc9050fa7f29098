const REPLACEMENT = '***';

/** What takes the given secrets out of a text. */
export function redaction(secrets: readonly string[]): (text: string) => string {
  // The longest first: a short one may be a part of it, and would leave the rest.
  const known = [...new Set(secrets)].filter((it) => it !== '').sort((a, b) => b.length - a.length);
  return (text) => known.reduce((cleaned, secret) => cleaned.replaceAll(secret, () => REPLACEMENT), text);
}
