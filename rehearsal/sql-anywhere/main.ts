import { dbmlsync } from './dbmlsync/dbmlsync';
import { Installation, Refusal } from './installation';
import { DatabaseServer } from './server/database-server';
import { ToolFailure } from './tools/client';
import { dbbackup } from './tools/dbbackup';
import { dbinit } from './tools/dbinit';
import { dbisql } from './tools/dbisql';
import { dbping } from './tools/dbping';
import { dbstop } from './tools/dbstop';
import { dbvalid } from './tools/dbvalid';

/*
 * The program behind the executables in rehearsal/host/bin64: `node main.js TOOL INSTALLATION ARGUMENTS`. They stand in for SAP's
 * tools so that scripts, statements and the tracker can be tried; no fact about SAP follows from what they do.
 */

type Tool = (installation: Installation, words: readonly string[]) => number | Promise<number>;

const TOOLS: Readonly<Record<string, Tool>> = { dbbackup, dbinit, dbisql, dbmlsync, dbping, dbstop, dbvalid };

/** Exit code of a tool that was used wrongly. UNSOURCED. */
const USAGE = 255;

const [, , name = '', folder = '', ...words] = process.argv;
const installation = new Installation(folder, name);

async function run(): Promise<void> {
  try {
    if (name === 'dbsrv17') {
      new DatabaseServer(installation, words).start();
      return;
    }
    const tool = TOOLS[name];
    if (!tool) throw new Refusal(`there is no tool ${name}`);
    process.exitCode = await tool(installation, installation.arguments(words));
  } catch (error) {
    if (error instanceof Refusal) {
      installation.journal(`refused: ${error.message}`);
      process.stdout.write(`Usage error: ${error.message}\n`);
      process.exitCode = USAGE;
    } else if (error instanceof ToolFailure) {
      process.stdout.write(`Error: ${error.message}\n`);
      process.exitCode = error.code;
    } else {
      throw error;
    }
  }
}

void run();
