import { readUpstreams } from '../../upstreams.ts';
import type { RunCommand } from '../context.ts';
import { findUpstream } from './find.ts';
import { saveUpstreams } from './save.ts';

/** Takes one server out of upstreams.json; its process ends. */
export const upstreamRemove: RunCommand = async (context, { words: [name = ''] }) => {
  const definitions = readUpstreams(context.paths.upstreams);
  const removed = findUpstream(definitions, name);
  await saveUpstreams(
    context,
    definitions.filter((definition) => definition !== removed),
  );
  context.print(`removed ${name}\n`);
  return 0;
};
