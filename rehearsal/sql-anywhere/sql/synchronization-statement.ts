import type { Change } from './change';
import type { TokenReader } from './token-reader';

/** What stands after CREATE PUBLICATION. Columns and conditions of a table are read over: whole rows are uploaded. */
export function readPublication(tokens: TokenReader): Change {
  const name = tokens.identifier();
  const downloadOnly = tokens.accept('FOR DOWNLOAD ONLY');
  const tables: string[] = [];
  tokens.expect('(');
  do {
    tokens.expect('TABLE');
    tables.push(tokens.identifier());
    tokens.skipPart();
  } while (tokens.accept(','));
  tokens.expect(')');
  return { kind: 'publication', name, publication: { tables, downloadOnly } };
}

/** What stands after CREATE SYNCHRONIZATION USER; it is kept as it is. */
export function readSynchronizationUser(tokens: TokenReader): Change {
  return { kind: 'synchronization-user', name: tokens.identifier(), definition: tokens.skipPart() };
}

/** What stands after CREATE SYNCHRONIZATION SUBSCRIPTION. */
export function readSubscription(tokens: TokenReader): Change {
  const name = tokens.identifier();
  tokens.expect('TO');
  const publication = tokens.identifier();
  tokens.expect('FOR');
  const user = tokens.identifier();
  let address: string | undefined;
  while (!tokens.atEnd && tokens.peek()?.text !== ';') {
    if (tokens.accept('ADDRESS')) address = tokens.literal();
    else if (tokens.accept('TYPE')) tokens.identifier();
    else if (tokens.accept('SCRIPT VERSION')) tokens.literal();
    else if (tokens.accept('OPTION')) readOptions(tokens);
    else tokens.fail('TYPE, ADDRESS, OPTION or SCRIPT VERSION');
  }
  return { kind: 'subscription', name, publication, user, ...(address !== undefined && { address }) };
}

/** What stands after CREATE SYNCHRONIZATION PROFILE: `'option=value;…'`. */
export function readProfile(tokens: TokenReader): Change {
  return { kind: 'profile', name: tokens.identifier(), options: tokens.literal() };
}

/** `name=value, …`: none of them changes anything here. */
function readOptions(tokens: TokenReader): void {
  do {
    tokens.identifier();
    tokens.expect('=');
    if (tokens.peek()?.kind === 'literal') tokens.literal();
    else tokens.identifier();
  } while (tokens.accept(','));
}
