import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import type { RoleAnswer } from './role-line';

/** What the role service of a partner is asked for; `lib/sql-anywhere` defines it in the database. */
const ROLE_PATH = '/mobilink_ha_role';

/** Both partners are asked at once, so this is the longest that a look at the pair takes. */
export const ANSWER_TIMEOUT = 2_000;

/** The line has some 150 bytes; whatever is longer than this is another service. */
export const LONGEST_ANSWER = 4_096;

type Answer = Pick<RoleAnswer, 'text' | 'address'>;

/** The body of the role service's answer; throws for every answer that does not count. */
export function askRole(host: string, port: number, signal: AbortSignal): Promise<Answer> {
  let question: ClientRequest | undefined;
  const answered = new Promise<Answer>((resolve, reject) => {
    const tooLate = setTimeout(() => reject(new Error(`no answer in ${ANSWER_TIMEOUT / 1000} s`)), ANSWER_TIMEOUT);
    const done = <T>(settle: (value: T) => void) => {
      return (value: T) => {
        clearTimeout(tooLate);
        settle(value);
      };
    };
    // A connection of its own each time: one that was kept could lead to a host that is gone.
    question = get({ host, port, path: ROLE_PATH, agent: false, signal }, (response) => {
      readBody(response).then(done(resolve), done(reject));
    });
    question.on('error', done(reject));
  });
  return answered.finally(() => question?.destroy());
}

async function readBody(response: IncomingMessage): Promise<Answer> {
  // A redirection is not followed: it would be somebody else's word.
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  const address = response.socket.remoteAddress;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new Error(`an answer of more than ${LONGEST_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), address };
}
