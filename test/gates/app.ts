import { readFileSync } from 'node:fs';
import { App, type AppProps } from 'aws-cdk-lib';
import { compose } from '../../bin/compose';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly Metadata?: Record<string, unknown>;
}

export interface SynthesizedStack {
  readonly name: string;
  readonly terminationProtection: boolean;
  readonly template: { readonly Resources: Record<string, Resource> };
}

const APP_CONTEXT: Record<string, unknown> = JSON.parse(readFileSync('cdk.json', 'utf8')).context;

/** Every feature flag at the value that the CDK CLI writes into a new project. */
export const RECOMMENDED_FLAGS: Record<string, unknown> = JSON.parse(
  readFileSync(require.resolve('aws-cdk-lib/recommended-feature-flags.json'), 'utf8'),
);

/** The app of bin/, in process, with this context on top of cdk.json. */
export function buildApp(context: Record<string, unknown> = {}, props: AppProps = {}): App {
  const app = new App({ ...props, context: { ...APP_CONTEXT, ...context } });
  compose(app);
  return app;
}

export function synthesize(app: App): SynthesizedStack[] {
  return app.synth().stacks.map((stack) => ({
    name: stack.stackName,
    terminationProtection: stack.terminationProtection ?? false,
    template: stack.template,
  }));
}
