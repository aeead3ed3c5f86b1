import { Failure } from '../../errors.ts';
import type { UpstreamDefinition } from '../../upstreams.ts';

/** The definition of that name. Throws `NOT_FOUND`. */
export function findUpstream(definitions: readonly UpstreamDefinition[], name: string): UpstreamDefinition {
  const found = definitions.find((definition) => definition.name === name);
  if (found) return found;
  throw new Failure('NOT_FOUND', `there is no upstream ${name}`, {
    hint: 'claude-secure upstream list shows them',
  });
}
