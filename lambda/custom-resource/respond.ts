import { type IncomingMessage, request as requestInTheClear } from 'node:http';
import { request as requestByTls } from 'node:https';
import type { Answer } from './request';

const TIMEOUT = 5_000;
/** Milliseconds before each further try. */
const PAUSES = [1_000, 2_000, 4_000, 8_000];

export interface Waiting {
  sleep(millis: number): Promise<void>;
}

/**
 * Hands CloudFormation the answer, by the pre-signed URL that its request names; throws when that cannot be done in 40 seconds, so that
 * Lambda sends the request once more.
 */
export async function respond(url: string, answer: Answer, { sleep }: Waiting): Promise<void> {
  const body = Buffer.from(JSON.stringify(answer));
  for (const pause of [...PAUSES, undefined]) {
    try {
      return await put(new URL(url), body);
    } catch (error) {
      if (pause === undefined || error instanceof Refused) throw error;
      console.warn('CloudFormation did not take the answer yet', String(error));
      await sleep(pause);
    }
  }
}

/** S3 will not take it however often it is asked: the URL is too old, or the answer is not what was signed. */
class Refused extends Error {}

function put(url: URL, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = new AbortController();
    const tooLate = setTimeout(() => aborted.abort(new Error(`no answer in ${TIMEOUT / 1000} s`)), TIMEOUT);
    const settle = (error?: Error) => {
      clearTimeout(tooLate);
      if (error) reject(error);
      else resolve();
    };
    // CloudFormation gives https; only where it is rehearsed there is no certificate.
    const request = url.protocol === 'https:' ? requestByTls : requestInTheClear;
    const sent = request(url, {
      method: 'PUT',
      // The signature holds for an empty type (the module cfn-response of AWS Lambda sends the same two).
      headers: { 'content-type': '', 'content-length': body.length },
      agent: false,
      signal: aborted.signal,
    });
    sent.once('response', (response) => settle(problemOf(response)));
    sent.once('error', (error) => settle(aborted.signal.aborted ? (aborted.signal.reason as Error) : error));
    sent.end(body);
  });
}

function problemOf(response: IncomingMessage): Error | undefined {
  response.resume();
  const { statusCode = 0 } = response;
  if (statusCode >= 200 && statusCode < 300) return undefined;
  const Problem = statusCode >= 400 && statusCode < 500 ? Refused : Error;
  return new Problem(`status ${statusCode} from where CloudFormation takes answers`);
}
