import { type Answer, type Request, shortened } from '../custom-resource/request';
import { parse } from '../door/parse';
import { keepHosts, NothingWritten, wordError } from './keep-hosts';
import { patiently } from './patience';
import type { Ports } from './ports';
import { physicalIdOf, type RemoteId, readPhysicalId, registrationSchema } from './registration';

const LONGEST_REASON = 400;

/** Does what CloudFormation asks for, and says how it ended. Never throws. */
export async function answerTo(ports: Ports, request: Request): Promise<Answer> {
  const { StackId, RequestId, LogicalResourceId } = request;
  const ids = { StackId, RequestId, LogicalResourceId };
  let physicalId = request.PhysicalResourceId ?? `not registered: ${RequestId}`;
  try {
    switch (request.RequestType) {
      case 'Create':
      case 'Update': {
        const kind = request.RequestType === 'Create' ? 'create' : 'update';
        const registration = parse(registrationSchema, request.ResourceProperties, 'The properties are wrong');
        try {
          await keepHosts(ports, registration, { kind, registeredBy: ownerOf(request) });
        } catch (error) {
          // It may have been written, and then it is to be removed when the creation is rolled back. Otherwise it may be somebody else's.
          if (kind === 'create' && !(error instanceof NothingWritten)) physicalId = physicalIdOf(registration);
          throw error;
        }
        // Another id than before: CloudFormation has the old one deleted once all else is updated.
        return { Status: 'SUCCESS', PhysicalResourceId: physicalIdOf(registration), ...ids };
      }
      case 'Delete': {
        const remote = readPhysicalId(physicalId);
        if (remote) await remove(ports, remote, ownerOf(request));
        return { Status: 'SUCCESS', PhysicalResourceId: physicalId, ...ids };
      }
      default:
        throw new Error(`RequestType must be Create, Update or Delete, not '${request.RequestType}'`);
    }
  } catch (error) {
    const reason = wordError(error);
    ports.told('a request of CloudFormation failed', { ...ids, reason });
    return { Status: 'FAILED', Reason: shortened(reason, LONGEST_REASON), PhysicalResourceId: physicalId, ...ids };
  }
}

/** A stack that cannot be removed is worse than a minute's waiting. */
function remove(ports: Ports, remote: RemoteId, registeredBy: string): Promise<void> {
  const attempt = async () => {
    await ports.registry.remove(remote, registeredBy);
    return 'done' as const;
  };
  return patiently(ports, attempt, () => true);
}

function ownerOf({ StackId, LogicalResourceId }: Request): string {
  return `${StackId}/${LogicalResourceId}`;
}
