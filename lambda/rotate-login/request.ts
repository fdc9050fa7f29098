import * as v from 'valibot';

const text = v.pipe(v.string('must be text'), v.minLength(1, 'must not be empty'));

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html */
export const requestSchema = v.object({
  SecretId: text,
  ClientRequestToken: text,
  Step: v.picklist(STEPS, `must be one of ${STEPS.join(', ')}`),
});

/** One step of a rotation; its token is the id of the new version. */
export type RotationRequest = v.InferOutput<typeof requestSchema>;
