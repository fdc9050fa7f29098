import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Installation, Refusal } from '../installation';
import { Client, ToolFailure } from './client';
import { onlyOne, parseOptions } from './options';

/** Exit code of a statement that the server refuses. UNSOURCED. */
const STATEMENT_FAILED = 9;

/** A statement, or a file of statements each of which ends with a line `go`; the first that fails ends it. */
export async function dbisql(installation: Installation, words: readonly string[]): Promise<number> {
  const { values, flags, rest } = parseOptions(words, ['-c', '-onerror'], ['-nogui']);
  if (!flags.has('-nogui')) throw new Refusal('without -nogui a window is opened');
  if ((values.get('-onerror') ?? 'exit') !== 'exit') throw new Refusal('-onerror exit, or errors are stepped over');
  const statements = statementsOf(onlyOne(rest, 'statement or file'));
  const client = await Client.connect(values.get('-c') ?? '', installation, ['SERVER', 'DBN', 'HOST', 'UID', 'PWD']);
  try {
    for (const execute of statements) {
      client.send({ execute });
      const reply = await client.reply();
      if ('error' in reply) throw new ToolFailure(`Could not execute statement.\n${reply.error}`, STATEMENT_FAILED);
      if ('columns' in reply) print(reply.columns, reply.rows);
    }
  } finally {
    client.close();
  }
  return 0;
}

function statementsOf(word: string): string[] {
  if (!existsSync(word)) return [word];
  const text = readFileSync(word, 'utf8');
  const isSecret = /IDENTIFIED BY|authentication_string/i.test(text);
  if (isSecret && (statSync(word).mode & 0o777) !== 0o600) throw new Refusal(`others can read ${word}`);
  const lines = text.split('\n');
  if (!lines.some((line) => line === 'go')) throw new Refusal(`${word}: no line with go`);
  const statements = text.split(/^go$/m).map((statement) => statement.trim());
  if (statements.pop() !== '') throw new Refusal(`${word}: the last statement has no go`);
  return statements;
}

function print(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): void {
  if (columns.length === 0) return;
  const lines = rows.map((row) => row.map((value) => value ?? '(NULL)').join(' '));
  process.stdout.write(`${[columns.join(' '), '-'.repeat(29), ...lines, `(${rows.length} rows)`].join('\n')}\n`);
}
