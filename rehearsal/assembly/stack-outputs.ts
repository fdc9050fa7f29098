import { AssemblyError } from './assembly-error';

interface DeployedOutputs {
  readonly stackName: string;
  readonly accountId: string;
  readonly region: string;
  readonly values: ReadonlyMap<string, unknown>;
}

/** What the stacks deployed so far give to those that come after them. */
export class StackOutputs {
  private readonly stacks: DeployedOutputs[] = [];
  private readonly exports = new Map<string, { stackName: string; value: unknown }>();

  add(outputs: DeployedOutputs, exported: ReadonlyMap<string, unknown>): void {
    this.stacks.push(outputs);
    for (const [name, value] of exported) {
      const key = exportKey(outputs, name);
      const other = this.exports.get(key);
      if (other) {
        throw new AssemblyError(`the export ${name} of ${outputs.stackName} exists already in ${other.stackName}`);
      }
      this.exports.set(key, { stackName: outputs.stackName, value });
    }
  }

  /** `Fn::ImportValue`, within one account and Region. */
  imported(name: string, environment: { accountId: string; region: string }): unknown {
    const found = this.exports.get(exportKey(environment, name));
    if (found) return found.value;
    throw new AssemblyError(
      `no export named ${name} in ${environment.accountId}/${environment.region} by the time this stack is deployed`,
    );
  }

  /** `Fn::GetStackOutput`, the weak reference: by stack and output, no export needed. */
  output(stackName: string, outputName: string, region: string): unknown {
    const stack = this.stacks.find((it) => it.stackName === stackName && it.region === region);
    if (!stack)
      throw new AssemblyError(`there is no stack ${stackName} in ${region} by the time this stack is deployed`);
    if (!stack.values.has(outputName)) throw new AssemblyError(`the stack ${stackName} has no output ${outputName}`);
    return stack.values.get(outputName);
  }
}

const exportKey = (at: { accountId: string; region: string }, name: string) => `${at.accountId}/${at.region}/${name}`;
